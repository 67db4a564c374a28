import { open, readFile, stat } from 'node:fs/promises'
import { HEADER_BYTES, nextFrame, readHead } from './frame.ts'

/** One file of frames. Its name is the seq of its first record. */
export interface Segment {
  file: string
  firstSeq: number
  /** length of its whole frames that are on disk */
  bytes: number
  /** start of its oldest record, Unix ms; absent where its first frame is damaged: by a wrong time it could be deleted as too old */
  oldestMs?: number
}

/** A segment by its file's size and first frame; undefined where the file can't be read. */
export async function segmentOf(file: string, firstSeq: number): Promise<Segment | undefined> {
  let handle: Awaited<ReturnType<typeof open>> | undefined
  try {
    const { size } = await stat(file)
    handle = await open(file, 'r')
    const head = Buffer.alloc(HEADER_BYTES)
    await handle.read(head, 0, HEADER_BYTES, 0)
    const whole = Buffer.alloc(Math.min(size, HEADER_BYTES + (readHead(head, 0)?.payloadBytes ?? 0)))
    await handle.read(whole, 0, whole.length, 0)
    const first = nextFrame(whole, 0)
    const oldestMs = first?.offset === 0 ? first.oldestMs : undefined
    return { file, firstSeq, bytes: size, ...(oldestMs === undefined ? {} : { oldestMs }) }
  } catch {
    return undefined
  } finally {
    await handle?.close().catch(() => undefined)
  }
}

/**
 * Where the last whole frame of a file ends, and the seq after it; no seq where the file has no whole frame.
 * @param beforeSeq only frames whose records are all before it
 */
export async function endOfFrames(
  file: string,
  beforeSeq = Number.POSITIVE_INFINITY,
): Promise<{ endBytes: number; nextSeq: number | undefined }> {
  const bytes = await readFile(file)
  let [endBytes, nextSeq]: [number, number | undefined] = [0, undefined]
  for (let frame = nextFrame(bytes, 0); frame; frame = nextFrame(bytes, endBytes)) {
    if (frame.firstSeq + frame.records > beforeSeq) break
    endBytes = frame.endOffset
    nextSeq = frame.firstSeq + frame.records
  }
  return { endBytes, nextSeq }
}
