const CHUNK = 2048

/**
 * Works through indexes 0 to before `count` piece by piece. A function that is called often is compiled well and stays so; a loop over
 * a hundred thousand that runs once a second is compiled in its midst each time, and given up at its end (V8 of Node 20).
 */
export function inChunks(count: number, work: (begin: number, end: number) => void): void {
  for (let begin = 0; begin < count; begin += CHUNK) work(begin, Math.min(count, begin + CHUNK))
}
