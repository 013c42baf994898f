import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { clientMsgId, name, strict, text, userId, uuid } from './fields.ts'
import {
  externalTokenCharsMax,
  nameCodePointsMax,
  passwordCodePointsMax,
  passwordCodePointsMin,
  refreshTokenCharsMax,
  resetCodeCodePointsMax,
} from './limits.ts'
import { type ParsedBody, problemOf } from './problem.ts'
import { displayName } from './profile.ts'

/** Bodies of the HTTP interface. PROTOCOL §1. */
const registrationOf = (passwordMin: number) =>
  Type.Object(
    {
      name,
      password: text(passwordMin, passwordCodePointsMax),
      displayName: Type.Optional(displayName),
      clientMsgId: Type.Optional(clientMsgId),
    },
    strict,
  )

export const registrationSchema = registrationOf(passwordCodePointsMin)

/** Anything that could be typed as a name or a password is looked up, so that every wrong pair gets the one same answer. */
const credentials = { password: text(1, passwordCodePointsMax), device: Type.Optional(uuid) }

export const loginSchema = Type.Union([
  Type.Object({ name: text(1, nameCodePointsMax), ...credentials }, strict),
  Type.Object({ userId, ...credentials }, strict),
  Type.Object({ externalToken: text(1, externalTokenCharsMax), device: Type.Optional(uuid) }, strict),
])

/** Anything that could be typed as a code is looked up, so that every wrong one gets the one same answer. */
const reset = {
  code: text(1, resetCodeCodePointsMax),
  password: text(passwordCodePointsMin, passwordCodePointsMax),
}

export const passwordResetSchema = Type.Union([
  Type.Object({ name: text(1, nameCodePointsMax), ...reset }, strict),
  Type.Object({ userId, ...reset }, strict),
])

export const refreshSchema = Type.Object({ refreshToken: text(1, refreshTokenCharsMax) }, strict)

/** `POST /v1/users` */
export type RegistrationBody = Static<typeof registrationSchema>
/** `POST /v1/sessions` */
export type LoginBody = Static<typeof loginSchema>
/** `POST /v1/password-resets` */
export type PasswordResetBody = Static<typeof passwordResetSchema>
/** `POST /v1/sessions/refresh` */
export type RefreshBody = Static<typeof refreshSchema>

const parser = <S extends TSchema>(schema: S): ((body: unknown) => ParsedBody<Static<S>>) => {
  const validator = Compile(schema)
  return (body) =>
    validator.Check(body)
      ? { value: body as Static<S> }
      : { error: 'invalid', message: problemOf(validator.Errors(body)) }
}

export const parseRegistration: (body: unknown) => ParsedBody<RegistrationBody> = parser(registrationSchema)
/** By an older protocol, whose programs know no least length of a password. */
export const parseDialectRegistration: (body: unknown) => ParsedBody<RegistrationBody> = parser(registrationOf(1))
export const parseLogin: (body: unknown) => ParsedBody<LoginBody> = parser(loginSchema)
export const parseRefresh: (body: unknown) => ParsedBody<RefreshBody> = parser(refreshSchema)
export const parsePasswordReset: (body: unknown) => ParsedBody<PasswordResetBody> = parser(passwordResetSchema)
