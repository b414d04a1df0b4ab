import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { answerComparator } from '../eval/comparator-process.js';
import { openSamComparator } from '../eval/sam-comparator.js';

interface SamOptions {
  encoder: string;
  decoder: string;
}

const EXAMPLES = `
Example:
  $ sonotrack eval data/ --out sam --comparator "sonotrack comparator sam --encoder encoder.onnx --decoder decoder.onnx"`;

export function addComparator(program: Command): void {
  const comparator = program
    .command('comparator')
    .description('Another model as a process for eval --comparator.');
  comparator
    .command('sam')
    .description('Encoder and decoder of the SAM family (SAM, MobileSAM, MedSAM, …) as ONNX files.')
    .requiredOption('--encoder <file>', 'image → image_embeddings')
    .requiredOption('--decoder <file>', 'image_embeddings, points, mask → masks')
    .addHelpText('after', EXAMPLES)
    .action(async ({ encoder, decoder }: SamOptions) => {
      const model = await openSamComparator(encoder, decoder, availableParallelism());
      await answerComparator(model, process.stdin, process.stdout);
    });
}
