import { BatonError, limits } from '@baton/contracts';
import { type ObjectStore, uploadKey } from '@baton/objects';
import { Database, insertUpload, retrying } from '@baton/persistence';
import { type Caller, Principal, Scopes } from '@baton/service';
import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { objectStore } from '../objects.module.js';
import { UploadLinks } from './upload-links.js';

const uploadSchema = z
  .object({
    id: z.uuid().describe('what a payload names: {"$upload": id}'),
    url: z.url().describe('takes one PUT of the bytes'),
    expiresAt: z.iso.datetime().describe('until when it takes them'),
    maxBytes: z.int(),
  })
  .meta({ id: 'Upload' });

/** Places for inputs that are too large for a payload. */
@ApiTags('uploads')
@Controller('v1/uploads')
export class UploadsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(UploadLinks) private readonly links: UploadLinks,
    @Inject(objectStore) private readonly objects: ObjectStore | null,
  ) {}

  @Post()
  @HttpCode(201)
  @Scopes('jobs:write')
  @ApiOperation({ summary: 'A place for one large input' })
  @ApiCreatedResponse({ standardSchema: uploadSchema })
  async make(
    @Principal() { tenantId }: Caller,
    @Req() request: FastifyRequest,
  ): Promise<z.output<typeof uploadSchema>> {
    const id = uuidv7();
    const most = limits.openUploads;
    const made = await retrying(() => insertUpload(this.database.pool, { id, tenantId, most }));
    if (!made) throw tooMany(most);
    const expiresAtMs = Date.now() + limits.uploadMs;
    const url = this.objects
      ? await this.objects.linkForPut(uploadKey({ tenantId, id }), limits.uploadMs / 1_000)
      : `${request.protocol}://${request.host}${this.links.pathOf(id, expiresAtMs)}`;
    const maxBytes = this.objects ? limits.uploadBytes : limits.postgresFileBytes;
    return { id, url, expiresAt: new Date(expiresAtMs).toISOString(), maxBytes };
  }
}

function tooMany(most: number): BatonError {
  const message = `${most} uploads are there that no job has named yet; name them, or wait until they are collected after a day`;
  return new BatonError('rate_limited', message, { retryAfterSeconds: 3_600 });
}
