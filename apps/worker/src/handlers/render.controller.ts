import { Controller } from '@nestjs/common';
import { fatal, JobHandler, type FileResult, type JobContext } from '@baton/worker-kit';
import { z } from 'zod';

/** A decompressed picture takes four bytes a pixel: 160 MB at this bound. */
const mostInputPixels = 40_000_000;

const payload = z.strictObject({
  /** In base64, or an upload. Any picture that libvips reads: PNG, JPEG, WebP, GIF, SVG, TIFF, AVIF. */
  source: z.union([z.base64().min(1), z.looseObject({ $upload: z.uuid() })], {
    error: 'must be a picture in base64, or an upload: {"$upload": "<id>"}',
  }),
  width: z.number().int().min(1).max(4_096),
  height: z.number().int().min(1).max(4_096),
  format: z.enum(['png', 'jpeg', 'webp']).default('png'),
});

/** Makes a picture smaller, so that it fits into width × height; the result is a file. */
@Controller()
export class RenderController {
  @JobHandler('render', { payload })
  async render(
    { source, width, height, format }: z.output<typeof payload>,
    context: JobContext,
  ): Promise<FileResult> {
    // Loaded by the first job that needs it: it takes memory that other workers do not have to spend.
    const { default: sharp } = await import('sharp');
    const input =
      typeof source === 'string' ? Buffer.from(source, 'base64') : await context.upload(source).bytes();
    const picture = sharp(input, { limitInputPixels: mostInputPixels })
      .rotate()
      .resize({ width, height, fit: 'inside', withoutEnlargement: true })
      .toFormat(format);
    const bytes = await picture.toBuffer().catch((error: Error) => {
      throw fatal(new Error(`the source cannot be rendered: ${error.message}`, { cause: error }));
    });
    return context.file(bytes, { mediaType: `image/${format}`, name: `render.${format}` });
  }
}
