/** For servers that are small and must start soon: the quick compiler only, and the collector with no threads of its own. */
export function jvmFlags(maxHeapMiB: number): string[] {
  return ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', `-Xmx${maxHeapMiB}m`];
}
