import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { PerwattError, reasonOf } from '../../protocol/kit/errors.ts'
import { HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'
import { difficultyOf, nextBits, periodStart, retargetsAfter } from '../economics/next-difficulty.ts'
import { defineFeed, type FeedQuote } from '../plugin/feed.ts'
import { BlockFees } from '../prices/block-fees.ts'
import { AllowPrivateSchema, feedClient, pollSchema, refineUrl, shaped } from '../prices/feed-http.ts'
import { polling } from '../prices/polling.ts'

/** The operator's own node runs on this machine or in his network. */
const OWN_NETWORK = ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']
/** The first poll reads the fees of a day of blocks, some 50 ms a block on a slow disk. */
const DEADLINE_MS = 60_000

const SettingsSchema = z
  .strictObject({
    url: HttpUrlSchema.default('http://127.0.0.1:8332').describe('address of the node’s JSON-RPC'),
    username: z.string().min(1).optional().describe('user of its JSON-RPC (rpcuser, rpcauth)'),
    password: SecretSchema.optional().describe('password of this user'),
    cookieFile: z
      .string()
      .min(1)
      .optional()
      .describe('the node’s .cookie file, in place of username and password; read again at every poll'),
    poll: pollSchema('1m'),
    allowPrivate: AllowPrivateSchema.prefault(OWN_NETWORK),
  })
  .superRefine(refineUrl)
  .refine(
    ({ username, password, cookieFile }) => (cookieFile ? !username && !password : username && password),
    {
      message: 'expected username and password, or cookieFile',
    },
  )
type Settings = z.output<typeof SettingsSchema>

// Bitcoin Core answers a batch in any order, each with its own result or error (JSON-RPC 1.0: the other is null)
const BatchSchema = z.array(
  z.looseObject({
    id: z.number(),
    result: z.unknown(),
    error: z.looseObject({ code: z.number(), message: z.string() }).nullish(),
  }),
)
const ChainSchema = z.looseObject({
  chain: z.string(),
  blocks: z.number().int(),
  difficulty: z.number(),
  initialblockdownload: z.boolean().optional(),
  verificationprogress: z.number().optional(),
})

/** nBits is text in hexadecimal. */
const HeaderSchema = z.looseObject({
  time: z.number().int(),
  bits: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .transform((text) => Number.parseInt(text, 16)),
})
type Header = z.output<typeof HeaderSchema>

async function credential({ username, password, cookieFile }: Settings): Promise<string> {
  if (!cookieFile) return `${username}:${password?.reveal()}`
  try {
    return (await readFile(cookieFile, 'utf8')).trim()
  } catch (error) {
    const why = `${reasonOf(error)}; start the node, and let perwatt read its cookie`
    throw new PerwattError('unreadable', why)
  }
}

export default defineFeed({
  name: 'bitcoin-node',
  summary: 'difficulty, height and average fees from a Bitcoin node of your own (JSON-RPC)',
  settings: SettingsSchema,
  quotes: () => ['difficulty', 'blockHeight', 'feesBtcPerBlock'],
  open(settings, context) {
    const client = feedClient(context, settings.allowPrivate)
    const call = async (calls: readonly [method: string, ...params: unknown[]][], signal: AbortSignal) => {
      const authorization = `Basic ${Buffer.from(await credential(settings)).toString('base64')}`
      const body = calls.map(([method, ...params], id) => ({ jsonrpc: '1.0', id, method, params }))
      const request = { url: settings.url, headers: { authorization }, body }
      const answers = new Map((await client.json(request, BatchSchema, signal)).map((a) => [a.id, a]))
      return calls.map(([method], id): unknown => {
        const answer = answers.get(id)
        if (answer && !answer.error) return answer.result
        const why = answer?.error
          ? `${answer.error.message} (${answer.error.code})`
          : 'no answer in the batch'
        throw new PerwattError('rpc-error', `${method}: ${why}`)
      })
    }
    const fees = new BlockFees((heights, signal) =>
      call(
        heights.map((height) => ['getblockstats', height, ['blockhash', 'totalfee']]),
        signal,
      ),
    )
    /** Difficulty of the block after the last one of a period: the node tells it only once that block is found. */
    const difficultyAfter = async (tipHeight: number, signal: AbortSignal): Promise<number> => {
      const hashes = await call(
        [tipHeight, periodStart(tipHeight)].map((height) => ['getblockhash', height]),
        signal,
      )
      const headers = await call(
        hashes.map((hash) => ['getblockheader', hash]),
        signal,
      )
      const [last, first] = headers.map((header) => shaped(header, HeaderSchema, 'getblockheader')) as [
        Header,
        Header,
      ]
      return difficultyOf(nextBits({ height: tipHeight, timeS: last.time, bits: last.bits }, first.time))
    }
    return polling(
      context,
      settings.poll,
      async (signal) => {
        const [answer] = await call([['getblockchaininfo']], signal)
        const chain = shaped(answer, ChainSchema, 'getblockchaininfo')
        refuseChain(chain)
        const difficulty = retargetsAfter(chain.blocks)
          ? await difficultyAfter(chain.blocks, signal)
          : chain.difficulty
        const quotes: FeedQuote[] = [
          { name: 'difficulty', value: difficulty },
          { name: 'blockHeight', value: chain.blocks },
        ]
        try {
          const value = await fees.averageBtc(chain.blocks, signal)
          return { quotes: [...quotes, { name: 'feesBtcPerBlock', value }] }
        } catch (error) {
          signal.throwIfAborted()
          return { quotes, missing: `fees: ${reasonOf(error)}` }
        }
      },
      DEADLINE_MS,
    )
  },
})

/** The difficulty of a test network, or of a block of years ago, would give every hash a wrong price. */
function refuseChain({ chain, initialblockdownload, verificationprogress }: z.output<typeof ChainSchema>) {
  if (chain !== 'main')
    throw new PerwattError('wrong-chain', `the node is on ${chain}; give the url of one on main`)
  if (initialblockdownload) {
    const done = verificationprogress === undefined ? '' : ` (${(verificationprogress * 100).toFixed(1)} %)`
    throw new PerwattError(
      'syncing',
      `the node is still syncing${done}; its figures are old, and are used once it is in sync`,
    )
  }
}
