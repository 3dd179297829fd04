/**
 * Why a socket was closed by the gateway. Codes of 3000 to 3499 and 1012: come again, with the cursors; 3500 and above:
 * coming again would end the same way. The library adds RFC 6455's own: 1003 for binary messages, 1007 for invalid UTF-8,
 * 1009 for messages that are too large.
 */
export const closeCodes = {
  restart: { code: 1012, reason: 'the gateway stops: come again, with the cursors' },
  tokenExpired: { code: 3005, reason: 'the job token expired: get another from POST /v1/jobs/:id/token' },
  slow: { code: 3008, reason: 'the client does not read what it is sent' },
  noPong: { code: 3012, reason: 'no pong came' },
  unauthenticated: { code: 3500, reason: 'no valid token came in time, or it is not valid' },
  badMessage: { code: 3501, reason: 'the message is not understood' },
  tooMany: { code: 3504, reason: 'too many sockets are open for this key' },
  idle: { code: 3510, reason: 'nothing was subscribed to: open the socket when there is something to watch' },
} as const;
export type Close = { code: number; reason: string };
