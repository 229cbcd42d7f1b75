import { styleText } from 'node:util';

type Style = 'red' | 'green' | 'yellow' | 'bold' | 'dim';

type Output = Pick<NodeJS.WriteStream, 'isTTY'>;

/** Colours, on a terminal whose user wants them [no-color.org]. */
export const isColoured = (output: Output = process.stdout): boolean =>
  output.isTTY && (process.env['NO_COLOR'] ?? '') === '';

/** Newer versions of Node ask the stream once more, and older ones do not: here it is asked once, the same way on all. */
export const colour = (style: Style, text: string, output?: Output): string =>
  isColoured(output) ? styleText(style, text, { validateStream: false }) : text;
