import { describe, expect, test } from 'vitest'
import { poolFaults, poolsSchema } from '../../../collector/pool-watch/pool-config.ts'
import { POOLS } from '../../../collector/pools/index.ts'
import { explainZodError } from '../../../protocol/kit/explain.ts'

const schema = poolsSchema(POOLS)
const acme = { pool: 'braiins', name: 'acme', workload: 'mining', token: 'token-of-this-test' }
const faults = (input: unknown) => {
  const result = schema.safeParse(input)
  return result.success ? [] : explainZodError(result.error, input)
}

describe('the pools of a configuration', () => {
  test('need no more than a name, a workload and a credential', () => {
    expect(schema.parse([acme])).toMatchObject([
      { pool: 'braiins', url: 'https://pool.braiins.com', poll: 300_000, allowPrivate: [] },
    ])
  })

  test.each([
    [
      { pool: 'nicehash' },
      new RegExp(
        `^\\[0\\]\\.pool: expected one of ${POOLS.map(({ name }) => name).join(', ')}, got nicehash`,
      ),
    ],
    [{ token: undefined }, /^\[0\]\.token: is missing/],
    [{ secret: 'x' }, /^\[0\]\.secret: is not a setting here/],
    [{ poll: '20s' }, /^\[0\]\.poll: expected 1m or more: pools ban clients that ask more often/],
    [
      { url: 'http://10.0.0.5/' },
      /^\[0\]\.url: 10\.0\.0\.5 is not a public address; add its range to allowPrivate/,
    ],
    [{ url: 'https://me:pass@pool.example/' }, /^\[0\]\.url: holds a user or a password/],
    [{ url: 'http://169.254.169.254/', allowPrivate: ['169.254.0.0/16'] }, /^\[0\]\.url: .*is never asked/],
  ])('refuse %o with the exact place', (change, line) => {
    expect(faults([{ ...acme, ...change }])).toContainEqual(expect.stringMatching(line))
  })

  test('may be behind a proxy inside the site where its range is allowed', () => {
    expect(faults([{ ...acme, url: 'http://10.0.0.5/', allowPrivate: ['10.0.0.0/24'] }])).toEqual([])
  })

  test('have a name and a workload each of their own', () => {
    expect(faults([acme, { ...acme, pool: 'ocean', token: undefined }])).toEqual(
      expect.arrayContaining([expect.stringMatching(/^\[1\]/)]),
    )
    expect(faults([acme, acme])).toEqual([
      '[1].name: acme is the name of another pool',
      '[1].workload: mining is compared with pools[0]; give each account a workload of its own',
    ])
  })

  test('are compared with a mining workload that exists', () => {
    const pools = schema.parse([
      acme,
      { ...acme, name: 'b', workload: 'rental' },
      { ...acme, name: 'c', workload: 'x' },
    ])
    const workloads = [
      { name: 'mining', kind: 'mining' },
      { name: 'rental', kind: 'gpu-hour' },
    ]
    expect(poolFaults(pools, workloads)).toEqual([
      [1, 'rental is no mining workload; name one with kind: mining'],
      [2, 'there is no workload x; add it to workloads'],
    ])
  })

  test('print no credential', () => {
    expect(JSON.stringify(schema.parse([acme]))).not.toContain('token-of-this-test')
    expect(faults([{ ...acme, pool: 'antpool', apiKey: 71077345, secret: ['hunter2'] }]).join()).not.toMatch(
      /hunter2|71077345/,
    )
  })
})
