/** A severity is a shape as well as a colour: red and amber are the same to some eyes. */
export const SHAPES = { critical: '▲', warning: '◆', info: '●' } as const
