import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import bitcoinNode from '../../../collector/feeds/bitcoin-node.ts'
import { FeedRig } from './feed-rig.ts'
import { type Asked, PriceServer, type Reply } from './price-server.ts'

interface Call {
  id: number
  method: string
  params: unknown[]
}

/** What a node says, as Bitcoin Core 29 does; the figures are invented. */
class Node {
  height = 954_001
  chain: Record<string, unknown> = {
    chain: 'main',
    initialblockdownload: false,
    verificationprogress: 0.9999,
  }
  feeSatoshis = (height: number) => 1_000_000 * (height % 10)
  /** what a call answers instead of its result */
  fault: ((call: Call) => { code: number; message: string } | undefined) | undefined
  readonly statsAsked: number[] = []

  answer = ({ body }: Asked): Reply => {
    const calls = JSON.parse(body) as Call[]
    const answers = calls.map((call) => {
      const error = this.fault?.(call)
      return { jsonrpc: '1.0', id: call.id, result: error ? null : this.result(call), error: error ?? null }
    })
    // a node may answer a batch in any order
    return { body: answers.reverse() }
  }

  result({ method, params: [height] }: Call): unknown {
    if (method === 'getblockchaininfo')
      return {
        blocks: this.height,
        headers: this.height,
        bestblockhash: '00000000000000000000aa',
        bits: '17021a91',
        difficulty: 131.4e12,
        time: 1781524800,
        mediantime: 1781522000,
        chainwork: '00',
        size_on_disk: 7e11,
        pruned: false,
        warnings: [],
        ...this.chain,
      }
    if (method === 'getblockhash') return `hash-of-${height}`
    if (method === 'getblockheader') {
      const at = Number(String(height).slice('hash-of-'.length))
      return { hash: height, height: at, bits: '17022b91', time: 1_781_300_000 - (953_567 - at) * 590 }
    }
    this.statsAsked.push(Number(height))
    return { blockhash: `00${height}`, totalfee: this.feeSatoshis(Number(height)) }
  }
}

let server: PriceServer
let node: Node
let rig: FeedRig
const folder = mkdtempSync(join(tmpdir(), 'perwatt-node-'))
const cookieFile = join(folder, '.cookie')

beforeEach(async () => {
  server = await new PriceServer().start()
  node = new Node()
  server.replies.set('/', node.answer)
  rig = new FeedRig()
})
afterEach(async () => {
  rig.stop()
  await server.stop()
})
afterAll(() => rmSync(folder, { recursive: true }))

const start = (settings: object = { username: 'perwatt', password: 'p' }) =>
  rig.start(bitcoinNode, { url: server.url, ...settings })

test('at the last block of a period it gives the difficulty of the next block, which the node does not tell yet', async () => {
  node.height = 953_567
  await start()
  const old = 129_699_156_960_680.9
  expect((rig.values['difficulty'] ?? 0) / old).toBeCloseTo(1_209_600 / (2015 * 590), 4)
})

test('a day of blocks without any fee is no figure: the last one stays', async () => {
  node.feeSatoshis = () => 0
  await start()
  expect(rig.values).not.toHaveProperty('feesBtcPerBlock')
  expect(rig.failing.at(-1)).toMatch(/144 blocks have no fees/)
})

test('reads difficulty and height, and the average fees of the newest 144 blocks in batches', async () => {
  await start()
  const expected = Array.from({ length: 144 }, (_, i) => node.feeSatoshis(node.height - i))
  expect(rig.values).toMatchObject({ difficulty: 131.4e12, blockHeight: 954_001 })
  expect(rig.values['feesBtcPerBlock']).toBeCloseTo(expected.reduce((a, b) => a + b) / 144 / 1e8, 15)
  expect(new Set(node.statsAsked).size).toBe(144)
  // one call of the chain, and batches of 24 blocks
  expect(server.asked.length).toBe(1 + 6)
  expect(server.asked[0]?.headers.authorization).toBe(`Basic ${btoa('perwatt:p')}`)
})

test('asks again only for blocks that are new, or that a reorganisation may have replaced', async () => {
  await start()
  await rig.again()
  expect(node.statsAsked.length).toBe(144)
  node.height += 2
  node.feeSatoshis = () => 5_000_000
  await rig.again()
  const asked = node.statsAsked.slice(144).sort((a, b) => a - b)
  expect(asked).toEqual([953_996, 953_997, 953_998, 953_999, 954_000, 954_001, 954_002, 954_003])
})

test('goes on after a failed batch with what is missing', async () => {
  let calls = 0
  node.fault = ({ method }) =>
    method === 'getblockstats' && ++calls > 30 && calls <= 31
      ? { code: -32603, message: 'Can’t read undo data' }
      : undefined
  await start()
  expect(Object.keys(rig.values)).toEqual(['difficulty', 'blockHeight'])
  expect(rig.failing).toEqual(['fees: getblockstats: Can’t read undo data (-32603)'])
  const before = node.statsAsked.length
  await rig.again()
  expect(rig.values['feesBtcPerBlock']).toBeGreaterThan(0)
  // the first batch was kept
  expect(node.statsAsked.length - before).toBe(144 - 24)
})

test.each([
  ['is on another chain', { chain: 'test4' }, /the node is on test4; give the url of one on main/],
  [
    'is still syncing',
    { initialblockdownload: true, verificationprogress: 0.4321 },
    /still syncing \(43\.2 %\); its figures are old, and are used once it is in sync/,
  ],
])('a node that %s prices nothing', async (_, chain, reason) => {
  Object.assign(node.chain, chain)
  await start()
  expect(rig.said).toEqual([])
  expect(rig.failing).toEqual([expect.stringMatching(reason)])
})

test.each([
  ['refuses the password', { status: 401 }, /answers 401, no permission; check the credential/],
  [
    'is overloaded',
    { status: 503, body: 'Work queue depth exceeded' },
    /503 \(Work queue depth exceeded\), a fault of the server/,
  ],
  ['is not a node', { body: '<html>' }, /not JSON: a web page/],
  ['answers something else', { body: { jsonrpc: '2.0', result: 1 } }, /another shape: expected a list/],
  [
    'leaves a figure out',
    { body: [{ id: 0, result: { chain: 'main', blocks: 954_001 }, error: null }] },
    /^getblockchaininfo answers another shape: difficulty: is missing; expected a number; check/,
  ],
  ['leaves a call out', { body: [] }, /getblockchaininfo: no answer in the batch/],
  [
    'is warming up',
    { body: [{ id: 0, result: null, error: { code: -28, message: 'Loading block index…' } }] },
    /getblockchaininfo: Loading block index… \(-28\)/,
  ],
])('says so where it %s', async (_, reply, reason) => {
  server.replies.set('/', reply)
  await start()
  expect(rig.failing).toEqual([expect.stringMatching(reason)])
})

test('reads the cookie file again at every poll: a node that restarts has another', async () => {
  await start({ cookieFile })
  expect(rig.failing[0]).toMatch(/ENOENT.*start the node, and let perwatt read its cookie/)
  writeFileSync(cookieFile, '__cookie__:first\n')
  await rig.again()
  writeFileSync(cookieFile, '__cookie__:second\n')
  await rig.again()
  const shown = new Set(server.asked.map((a) => a.headers.authorization))
  expect([...shown]).toEqual([`Basic ${btoa('__cookie__:first')}`, `Basic ${btoa('__cookie__:second')}`])
})

test('wants a user with a password, or a cookie file', () => {
  const faults = (settings: object) =>
    bitcoinNode.settings.safeParse(settings).error?.issues.map((i) => i.message)
  const either = ['expected username and password, or cookieFile']
  expect(faults({})).toEqual(either)
  expect(faults({ username: 'a' })).toEqual(either)
  expect(faults({ username: 'a', password: 'b', cookieFile: 'c' })).toEqual(either)
  expect(faults({ cookieFile: 'c' })).toBeUndefined()
  expect(faults({ cookieFile: 'c', url: 'http://u:p@127.0.0.1:8332' })).toEqual([
    'holds a user or a password; use the settings for them instead',
  ])
})
