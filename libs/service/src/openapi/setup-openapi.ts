import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { problemSchema } from './problem-schema.js';
import { secureOperations } from './route-security.js';
import { zodConverter } from './zod-converter.js';

export interface OpenApiOptions {
  title: string;
  version: string;
  description?: string;
  /** Media types in which operations answer beside JSON, as text, by their ids. */
  alsoAnswers?: Readonly<Record<string, string>>;
}

/**
 * Serves the app's OpenAPI 3.1 document at `/openapi.json` and its pages at `/docs`, from the schemas that
 * validate. Every operation gets the problem of RFC 9457 as its default answer, and the scopes it asks for.
 * To be called before the app is initialised. Swagger is loaded here, so that services without an API do without.
 * @returns the document
 */
export async function setupOpenApi(
  app: NestFastifyApplication,
  { title, version, description = '', alsoAnswers = {} }: OpenApiOptions,
) {
  const { DocumentBuilder, SwaggerModule } = await import('@nestjs/swagger');
  const config = new DocumentBuilder()
    .setTitle(title)
    .setVersion(version)
    .setDescription(description)
    .setOpenAPIVersion('3.1.1')
    .addSecurity('apiKey', { type: 'http', scheme: 'bearer', description: 'An API key: bk_…' })
    .addSecurity('jobToken', {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'Reads one job',
    })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    standardSchemaConverter: zodConverter(),
    operationIdFactory: (controller, method) => `${controller}_${method}`,
  });
  document.components = { ...document.components, ...problemSchema(document.components) };
  secureOperations(app, document);
  for (const { get } of Object.values(document.paths)) {
    const mediaType = alsoAnswers[get?.operationId ?? ''];
    const ok = get?.responses['200'] as { content?: Record<string, object> } | undefined;
    if (mediaType !== undefined && ok)
      ok.content = { ...ok.content, [mediaType]: { schema: { type: 'string' } } };
  }
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: title,
  });
  return document;
}
