export interface PostgresSettingsOptions {
  port: number;
  /** Off: the data may be lost if the machine stops. It still outlives the end of any process. */
  durable: boolean;
  /** Further settings, or others in place of these. */
  settings?: Readonly<Record<string, string>>;
}

/** The server's settings, as `-c` arguments. */
export function postgresArguments({ port, durable, settings = {} }: PostgresSettingsOptions): string[] {
  const onOff = durable ? 'on' : 'off';
  const all: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    fsync: onOff,
    full_page_writes: onOff,
    // Never off: without it even a killed process loses acknowledged commits.
    synchronous_commit: 'on',
    timezone: 'UTC',
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
