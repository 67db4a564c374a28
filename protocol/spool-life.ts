import { z } from 'zod'

/**
 * The latest epoch that anybody may use, Unix ms: a clock that shows a later time is wrong. It is far below 2^53, so that there is
 * always a next one, whoever sends what.
 */
export const LATEST_EPOCH = Date.UTC(2200, 0, 1)

/** The highest sequence number: an agent that closes 500 records a second uses 60 years for them. */
export const HIGHEST_SEQ = 1e12

/** Ancestors that a message names: the oldest and the newest of them. */
export const ANCESTORS_KEPT = 50

/** Random id of one life of a spool: no restart, copy or restored backup has it again. */
export const LifeIdSchema = z.string().regex(/^[0-9a-f]{8,32}$/)

const whole = z.number().int().nonnegative()

/** A former life of a spool: records up to `seq` have the same numbers in that life and in the present one. */
export const AncestorSchema = z.object({
  epoch: whole.max(LATEST_EPOCH),
  /** absent: an older agent wrote the spool then */
  life: LifeIdSchema.optional(),
  seq: whole.max(HIGHEST_SEQ),
})
export type Ancestor = z.infer<typeof AncestorSchema>
