import { type Caller, Principal, Scopes } from '@baton/service';
import { httpSigningKey } from '@baton/service/egress';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';

export const masterKeyToken = Symbol('the master key');

const secretSchema = z
  .object({ secret: z.string().describe('whsec_…: of Standard Webhooks') })
  .meta({ id: 'HttpHandlerSecret' });

/** With what receivers of the `http` handler verify that a call is theirs. */
@ApiTags('webhooks')
@Controller('v1/http-handler')
export class HttpSecretController {
  constructor(@Inject(masterKeyToken) private readonly masterKey: Buffer) {}

  @Get('secret')
  @Scopes('webhooks:admin')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'The secret that signs what jobs of the queue `http` send for this tenant' })
  @ApiOkResponse({ standardSchema: secretSchema })
  secret(@Principal() { tenantId }: Caller): z.output<typeof secretSchema> {
    return { secret: httpSigningKey(this.masterKey, tenantId).secret };
  }
}
