import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readPrologFolder } from '../../../agent/tenancy/slurm-prolog.ts'
import { askSlurmrestd } from '../../../agent/tenancy/slurm-rest.ts'
import { Secret } from '../../../protocol/kit/secret.ts'
import { type PageServer, servePage } from '../page-server.ts'
import { FakeHost, json } from './fake-host.ts'

const signal = new AbortController().signal
let host: FakeHost
beforeEach(() => {
  host = new FakeHost()
})
afterEach(() => host.close())

describe("the prolog's folder", () => {
  test('has a file a GPU or MIG instance, with a job a line', async () => {
    host.write('jobs/0', '4711\n')
    host.write('jobs/1', '4712\n4713\n\n4712\n')
    host.write('jobs/2.1', '4714')
    host.write('jobs/3', '\n')
    host.write('jobs/README', '4715\n')
    host.write('jobs/4', 'not a job\n')
    mkdirSync(join(host.folder, 'jobs/5.x'))
    expect(await readPrologFolder(join(host.folder, 'jobs'))).toEqual([
      { job: '4711', index: 0 },
      { job: '4712', index: 1 },
      { job: '4713', index: 1 },
      { job: '4714', index: 2, instance: 1 },
    ])
  })

  test('that is not there says which one and what to do', async () => {
    await expect(readPrologFolder(join(host.folder, 'none'))).rejects.toThrow(
      /none'?; let the agent's user read .* slurm\.prologFolder/,
    )
  })
})

describe('slurmrestd', () => {
  let page: PageServer
  let asked: { url: string | undefined; headers: Record<string, unknown> }[]
  const answers = (body: unknown, status?: number) => {
    page.answer = (req, res) => {
      asked.push({ url: `${req.method} ${req.url}`, headers: req.headers })
      json(body, status)(req, res)
    }
  }
  const ask = (job: string) =>
    askSlurmrestd(
      { url: page.url.replace('/metrics', '/slurm/v0.0.40/'), user: 'perwatt', token: new Secret('t0ken') },
      job,
      signal,
    )
  beforeEach(async () => {
    asked = []
    page = await servePage(json({}))
  })
  afterEach(() => page.close())

  test('is asked for one job, by GET, with its own kind of credentials', async () => {
    answers({
      errors: [],
      jobs: [
        { job_id: 4711, account: 'physics', user_name: 'ada', partition: 'gpu', job_state: ['RUNNING'] },
      ],
    })
    expect(await ask('4711')).toEqual({ slurmAccount: 'physics', slurmUser: 'ada', slurmPartition: 'gpu' })
    expect(asked).toMatchObject([
      {
        url: 'GET /slurm/v0.0.40/job/4711',
        headers: { 'x-slurm-user-name': 'perwatt', 'x-slurm-user-token': 't0ken' },
      },
    ])
  })

  test('that leaves an account empty knows none', async () => {
    answers({ jobs: [{ job_id: 4711, account: '', user_name: 'ada', partition: null }] })
    expect(await ask('4711')).toEqual({ slurmUser: 'ada' })
  })

  test.each([
    [
      'an error of old versions',
      { errors: [{ error: 'Invalid job id specified', error_number: 2017 }], jobs: [] },
      500,
    ],
    ['an empty list', { errors: [], jobs: [] }, 200],
    ['not found', {}, 404],
  ])('that has forgotten a job says so by %s', async (_, body, status) => {
    answers(body, status)
    expect(await ask('1')).toBeUndefined()
  })

  test('that refuses, or is something else, is a fault', async () => {
    answers({}, 401)
    await expect(ask('1')).rejects.toThrow('answers 401 ({}), no permission; check the credential')
    answers({ hello: 'world' })
    await expect(ask('1')).rejects.toThrow('check that slurm.url ends in the API version')
  })

  const captures = '../shared/captures/gpu/slurm-rest/jobs.json'
  test.skipIf(!existsSync(captures))(
    'a real answer is read (skipped where the captures are not here)',
    async () => {
      const real = JSON.parse(readFileSync(captures, 'utf8')) as { jobs: Record<string, string>[] }
      for (const { job_id, user_name, partition } of real.jobs) {
        answers(real)
        expect(await ask(String(job_id))).toEqual({ slurmUser: user_name, slurmPartition: partition })
      }
    },
  )
})
