import { join, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { Annotator } from '../annotate/annotator.js';
import { findClipFiles } from '../annotate/clip-folder.js';
import { annotationRoutes } from '../annotate/routes.js';
import { packageRoot } from '../runtime/package-info.js';
import { SERVER_DEFAULTS } from '../server/options.js';
import { withDevice, type GlobalOptions } from './shared.js';
import { serverOptionsOf, withServer, type ServerCliOptions } from './server-options.js';
import { untilSignal } from './signal.js';

interface AnnotateOptions extends GlobalOptions, ServerCliOptions {
  out?: string;
  port: number;
  memory: number;
}

const EXAMPLES = `
Examples:
  $ sonotrack annotate clips/
  $ sonotrack annotate clips/ --out masks/ --port 0

Click on a structure, let it be tracked, correct it where it went wrong, accept (A), next. Every step is on disk at once:
DIR/CLIP/masks/*.png (label maps) and DIR/CLIP/annotation.json; started again, it goes on where it was stopped. The first line
on standard output, when the page can be opened, is: ready http://HOST:PORT`;

export function addAnnotate(program: Command): void {
  const command = program
    .command('annotate')
    .description('Outline structures on every frame of a folder of clips, in the browser.')
    .argument('<folder>', 'folder of clips: folders of images, DICOM, NIfTI, MetaImage, videos')
    .option('--out <dir>', 'folder for masks (default: annotations in the folder of clips)')
    .option('--port <port>', 'port of the page, 0 for a free one', parsePort, SERVER_DEFAULTS.port)
    .option('--memory <MiB>', 'most memory of the frames and masks of a clip', parseMemory, 1024)
    .addHelpText('after', EXAMPLES);
  withServer(command).action((folder: string) => annotate(folder, command.optsWithGlobals()));
}

async function annotate(folder: string, options: AnnotateOptions): Promise<void> {
  const serverOptions = await serverOptionsOf(options);
  const out = resolve(options.out ?? join(folder, 'annotations'));
  const clips = await findClipFiles(folder, out);
  const stopped = untilSignal();
  try {
    await withDevice(options, async (device) => {
      let annotator: Annotator | null = null;
      const current = (): Annotator => annotator as Annotator; // asked only once the server is told
      const { startServer } = await import('../server/server.js');
      const server = await startServer({
        ...serverOptions,
        port: options.port,
        pageDir: join(packageRoot(), 'dist', 'web'),
        device: device.info,
        source: () => annotator?.info ?? { kind: 'annotation' },
        routes: annotationRoutes(current),
      });
      try {
        annotator = await Annotator.start({
          device,
          clips,
          out,
          memoryMiB: options.memory,
          // A clip that is left ends its session, which is no news.
          publishers: [{ ...server.publisher, onNotice: undefined }],
          onOpen: (session) => server.attach(session),
        });
        process.stdout.write(`ready ${server.url}\n`);
        await stopped.signal;
      } finally {
        await annotator?.close();
        await server.close();
      }
    });
  } finally {
    stopped.dispose();
  }
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65535) return port;
  throw new InvalidArgumentError('expected a port from 0 to 65535.');
}

function parseMemory(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= 4096) return value;
  throw new InvalidArgumentError('expected 1 to 4096 MiB.');
}
