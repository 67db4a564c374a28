import { createSocket, type Socket } from 'node:dgram'

/** The kinds of an SNMP request, by their tag (RFC 3416). */
const KINDS: Readonly<Record<number, string>> = {
  160: 'get',
  161: 'getnext',
  163: 'set',
  165: 'getbulk',
  166: 'inform',
}
const GET_RESPONSE = 0xa2
const TOO_BIG = 1

export interface UdpLink {
  port: number
  /** what was asked, in order; encrypted requests are `v3` */
  asked: string[]
  /** answers take so long */
  delayMs: number
  /** answers are lost */
  lost: boolean
  /** how many were */
  losses: number
  /** requests for more numbers than this are answered tooBig */
  most: number
  /** instead of what the agent answers, this */
  garble: ((answer: Buffer) => Buffer) | undefined
  close(): Promise<void>
}

/** The wire between a driver and an SNMP agent: it listens in, delays, loses and garbles. */
export async function linkTo(agentPort: number): Promise<UdpLink> {
  const front = createSocket('udp4')
  const backs = new Map<number, Socket>()
  const timers = new Set<NodeJS.Timeout>()
  let closed = false
  const link: UdpLink = {
    port: 0,
    asked: [],
    delayMs: 0,
    lost: false,
    losses: 0,
    most: Number.POSITIVE_INFINITY,
    garble: undefined,
    async close() {
      closed = true
      for (const timer of timers) clearTimeout(timer)
      for (const back of backs.values()) back.close()
      await new Promise<void>((resolve) => front.close(resolve))
    },
  }
  const later = (work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, link.delayMs)
    timers.add(timer)
  }
  const answer = (bytes: Buffer, port: number) => {
    if (closed) return
    if (link.lost) {
      link.losses++
      return
    }
    const sent = link.garble?.(bytes) ?? bytes
    if (link.delayMs > 0) later(() => front.send(sent, port, '127.0.0.1'))
    else front.send(sent, port, '127.0.0.1')
  }
  front.on('message', (bytes, { port }) => {
    const request = readRequest(bytes)
    link.asked.push(request ? request.kind : 'v3')
    if (request && request.variables > link.most) return answer(request.refused(TOO_BIG), port)
    let back = backs.get(port)
    if (!back) {
      back = createSocket('udp4')
      back.on('error', () => {})
      back.on('message', (reply) => answer(reply, port))
      backs.set(port, back)
    }
    back.send(bytes, agentPort, '127.0.0.1')
  })
  await new Promise<void>((resolve) => front.bind(0, '127.0.0.1', resolve))
  link.port = front.address().port
  return link
}

/** A community message's kind, the variables that it asks for, and the answer that refuses it; undefined of SNMPv3. */
function readRequest(bytes: Buffer) {
  const version = element(bytes, element(bytes, 0).start)
  if (bytes[version.start] === 3) return undefined
  const community = element(bytes, version.end)
  const pdu = element(bytes, community.end)
  const id = element(bytes, pdu.start)
  const status = element(bytes, id.end)
  const index = element(bytes, status.end)
  const list = element(bytes, index.end)
  let variables = 0
  for (let at = list.start; at < list.end; at = element(bytes, at).end) variables++
  return {
    kind: KINDS[bytes[community.end] ?? 0] ?? 'something else',
    variables,
    refused(reason: number): Buffer {
      const refusal = Buffer.from(bytes)
      refusal[community.end] = GET_RESPONSE
      refusal[status.start] = reason
      refusal[index.start] = 0
      return refusal
    },
  }
}

/** Where a BER element's content begins and ends. */
function element(bytes: Buffer, at: number): { start: number; end: number } {
  const first = bytes[at + 1] ?? 0
  const lengthBytes = first & 0x80 ? first & 0x7f : 0
  const start = at + 2 + lengthBytes
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
  return { start, end: start + length }
}
