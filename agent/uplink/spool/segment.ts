import { open, readFile, stat } from 'node:fs/promises'
import { HEADER_BYTES, nextFrame, readHead } from './frame.ts'

/** One file of frames. Its name is the seq of its first record. */
export interface Segment {
  file: string
  firstSeq: number
  /** length of its whole frames that are on disk */
  bytes: number
  /** start of its oldest record, Unix ms; absent where its first header is damaged */
  oldestMs?: number
}

/** A segment by its file's size and first header; undefined where the file can't be read. */
export async function segmentOf(file: string, firstSeq: number): Promise<Segment | undefined> {
  const head = Buffer.alloc(HEADER_BYTES)
  let handle: Awaited<ReturnType<typeof open>> | undefined
  try {
    const { size } = await stat(file)
    handle = await open(file, 'r')
    await handle.read(head, 0, HEADER_BYTES, 0)
    const oldestMs = readHead(head, 0)?.oldestMs
    return { file, firstSeq, bytes: size, ...(oldestMs === undefined ? {} : { oldestMs }) }
  } catch {
    return undefined
  } finally {
    await handle?.close().catch(() => undefined)
  }
}

/** Where the last whole frame of a file ends, and the seq after it; no seq where the file has no whole frame. */
export async function endOfFrames(file: string): Promise<{ endBytes: number; nextSeq: number | undefined }> {
  const bytes = await readFile(file)
  let [endBytes, nextSeq]: [number, number | undefined] = [0, undefined]
  for (let frame = nextFrame(bytes, 0); frame; frame = nextFrame(bytes, endBytes)) {
    endBytes = frame.endOffset
    nextSeq = frame.firstSeq + frame.records
  }
  return { endBytes, nextSeq }
}
