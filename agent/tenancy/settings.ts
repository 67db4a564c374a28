import { z } from 'zod'
import { DurationMsSchema, HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'

const SlurmSchema = z.strictObject({
  prologFolder: z
    .string()
    .min(1)
    .optional()
    .describe(
      'folder in which a prolog writes who has which GPU: a file a GPU, `0`, or a MIG instance, `2.1`, with a job id a line',
    ),
  url: HttpUrlSchema.optional().describe(
    'slurmrestd with its API version, such as http://192.0.2.5:6820/slurm/v0.0.40: account, user and partition of jobs',
  ),
  user: z.string().min(1).max(64).optional().describe('sent as X-SLURM-USER-NAME'),
  token: SecretSchema.optional().describe('sent as X-SLURM-USER-TOKEN, such as `scontrol token` prints'),
})

const KubeletSchema = z.strictObject({
  url: HttpUrlSchema.describe(
    "this node's kubelet, such as https://127.0.0.1:10250, or http://127.0.0.1:10255 where its read-only port is open",
  ),
  tokenFile: z
    .string()
    .min(1)
    .default('/var/run/secrets/kubernetes.io/serviceaccount/token')
    .describe('token of a service account that may get nodes/proxy; read anew each time, for it is rotated'),
  caFile: z.string().min(1).optional().describe("the authority of the kubelet's certificate"),
  insecureTls: z.boolean().default(false).describe("true: the kubelet's certificate is not checked"),
  checkpoint: z
    .string()
    .min(1)
    .default('/var/lib/kubelet/device-plugins/kubelet_internal_checkpoint')
    .describe('where the kubelet writes which container was given which GPU, in use or not'),
})

/** The setting `owners:` of GPU drivers. */
export const TenancySettingsSchema = z.strictObject({
  slurm: SlurmSchema.prefault({}).describe('Slurm jobs'),
  kubelet: KubeletSchema.optional().describe(
    'names of Kubernetes pods; without it a pod is known by its uid',
  ),
  dockerSocket: z
    .string()
    .min(1)
    .default('/var/run/docker.sock')
    .describe("Docker's API, for the names of containers"),
  podmanSocket: z
    .string()
    .min(1)
    .default('/run/podman/podman.sock')
    .describe("Podman's API; of a rootless container /run/user/<uid>/podman/podman.sock is asked"),
  labels: z
    .array(z.string().min(1).max(128))
    .max(32)
    .default([
      'app',
      'app.kubernetes.io/name',
      'app.kubernetes.io/instance',
      'com.docker.compose.project',
      'com.docker.compose.service',
    ])
    .describe(
      'labels of pods and containers that become facts: `app.kubernetes.io/name` is `label.app.kubernetes.io.name`',
    ),
  proc: z
    .string()
    .min(1)
    .default('/proc')
    .describe("the host's process table; another path where the agent runs in a container"),
  cgroups: z
    .string()
    .min(1)
    .default('/sys/fs/cgroup')
    .describe("the host's control groups, where Slurm's jobs are found"),
  passwd: z.string().min(1).default('/etc/passwd').describe('names of users'),
  timeout: DurationMsSchema.default(1_000).describe('how long one question may take'),
})
export type TenancySettings = z.output<typeof TenancySettingsSchema>
