import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Owner } from '../../protocol/owner.ts'
import { exchangeHttp, refuse } from '../wire/http.ts'
import { ownerOf } from './facts.ts'
import { parseAs } from './json.ts'
import type { TenancySettings } from './settings.ts'

/** The same in all of its versions so far, v0.0.38 to v0.0.42. */
const AnswerSchema = z.object({
  jobs: z.array(
    z.object({
      job_id: z.number().optional(),
      account: z.string().nullish(),
      user_name: z.string().nullish(),
      partition: z.string().nullish(),
    }),
  ),
})

/**
 * What slurmrestd says of a job; undefined where it doesn't know it (any more).
 * @throws PerwattError as `exchangeHttp`, `http-status`, or `malformed`
 */
export async function askSlurmrestd(
  { url, user, token }: TenancySettings['slurm'] & { url: string },
  job: string,
  signal: AbortSignal,
): Promise<Owner | undefined> {
  const address = `${url.replace(/\/+$/, '')}/job/${encodeURIComponent(job)}`
  const answer = await exchangeHttp(address, {
    signal,
    headers: {
      accept: 'application/json',
      ...(user && { 'x-slurm-user-name': user }),
      ...(token && { 'x-slurm-user-token': token.reveal() }),
    },
  })
  // a job that is long over is an error 500 "Invalid job id specified" of older versions, 404 of newer
  if (answer.status === 404 || /invalid job id/i.test(answer.text.slice(0, 10_000))) return undefined
  refuse(answer, address)
  const list = parseAs(AnswerSchema, answer.text)
  if (!list)
    throw new PerwattError(
      'malformed',
      `${address} answers no list of jobs; does slurm.url end in the API version?`,
    )
  const found = list.jobs.find((j) => j.job_id === undefined || String(j.job_id) === job)
  return (
    found &&
    ownerOf({
      slurmAccount: found.account ?? undefined,
      slurmUser: found.user_name ?? undefined,
      slurmPartition: found.partition ?? undefined,
    })
  )
}
