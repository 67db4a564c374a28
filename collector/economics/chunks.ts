const CHUNK = 2048

/**
 * Calls `work` for the indexes 0 to `count` - 1 in chunks. V8 (Node 20) replaces a loop over a hundred thousand devices on the stack
 * and deoptimises it at its end, every second; a function that is called for each chunk stays compiled.
 */
export function inChunks(count: number, work: (begin: number, end: number) => void): void {
  for (let begin = 0; begin < count; begin += CHUNK) work(begin, Math.min(count, begin + CHUNK))
}
