import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BatonError } from '@baton/contracts';

/**
 * CORS for the allowed origins. A request whose `Origin` is neither one of them nor the service's own is
 * refused rather than merely not readable: with `AUTH=off` any page could else cancel jobs on this machine.
 */
export function refuseForeignOrigins(app: NestFastifyApplication, allowed: readonly string[]): void {
  if (allowed.length > 0) {
    app.enableCors({
      origin: [...allowed],
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: [
        'Baton-Advice',
        'Content-Disposition',
        'ETag',
        'Link',
        'Location',
        'Preference-Applied',
        'Retry-After',
        'traceparent',
      ],
    });
  }
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, _reply, done) => {
      const { origin, host } = request.headers;
      if (origin === undefined || isAllowedOrigin(origin, { allowed, host })) return done();
      done(
        new BatonError(
          'unauthenticated',
          `the origin "${origin.slice(0, 200)}" is not one of ALLOWED_ORIGINS`,
        ),
      );
    });
}

/** Whether a page of this origin may call; `host` is the request's own `Host` header. For WebSocket upgrades too. */
export function isAllowedOrigin(
  origin: string,
  { allowed, host }: { allowed: readonly string[]; host?: string | undefined },
): boolean {
  return allowed.includes(origin) || (host !== undefined && URL.parse(origin)?.host === host);
}
