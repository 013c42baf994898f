import { type TProperties, Type } from 'typebox'
import { uuid } from '../fields.ts'
import { pageOf, time, written } from './parts.ts'

const sessionView = Type.Object(
  {
    session: Type.String(),
    device: uuid,
    createdAt: time,
    lastUsedAt: Type.String({ format: 'date-time', description: 'To a minute.' }),
    expiresAt: time,
    current: Type.Boolean({ description: 'It is the one that asks.' }),
  },
  { title: 'Session' },
)

/** What requests about one's own account are answered with. */
export const accountAnswers = {
  sessions: pageOf(sessionView),
  'session.end': {
    ended: Type.Optional(Type.Integer({ minimum: 0, description: 'How many, where all others were to end.' })),
  },
  'password.change': { duplicate: written.duplicate },
} as const satisfies Readonly<Record<string, TProperties>>
