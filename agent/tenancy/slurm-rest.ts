import { z } from 'zod'
import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Owner } from '../../protocol/owner.ts'
import { exchangeHttp, refuse } from '../wire/http.ts'
import { ownerOf } from './owner-facts.ts'
import { parseJsonAs } from './parse-json.ts'
import type { TenancySettings } from './settings.ts'

/** This part is the same in slurmrestd's API versions v0.0.38 to v0.0.42. */
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
 * Asks slurmrestd for a job's account, user and partition. Undefined where it doesn't know the job, or no longer does.
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
  // a job that ended long ago: older versions answer 500 "Invalid job id specified", newer ones 404
  if (answer.status === 404 || /invalid job id/i.test(answer.text.slice(0, 10_000))) return undefined
  refuse(answer, address)
  const list = parseJsonAs(AnswerSchema, answer.text)
  if (!list)
    throw new PerwattError(
      'malformed',
      `${address} answered no list of jobs; check that slurm.url ends in the API version`,
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
