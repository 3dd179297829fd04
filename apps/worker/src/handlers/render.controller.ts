import { Controller } from '@nestjs/common';
import { fatal, JobHandler, type FileResult, type JobContext } from '@baton/worker-kit';
import { z } from 'zod';

/** A decompressed picture takes four bytes a pixel: 160 MB at this bound. */
const mostInputPixels = 40_000_000;

const payload = z.strictObject({
  /** Any picture that libvips reads: PNG, JPEG, WebP, GIF, SVG, TIFF, AVIF. */
  source: z.base64().min(1),
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
    const picture = sharp(Buffer.from(source, 'base64'), { limitInputPixels: mostInputPixels })
      .rotate()
      .resize({ width, height, fit: 'inside', withoutEnlargement: true })
      .toFormat(format);
    const bytes = await picture.toBuffer().catch((error: Error) => {
      throw fatal(new Error(`the source cannot be rendered: ${error.message}`, { cause: error }));
    });
    return context.file(bytes, { mediaType: `image/${format}`, name: `render.${format}` });
  }
}
