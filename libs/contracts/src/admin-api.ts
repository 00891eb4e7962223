import { z } from 'zod';
import { emailSchema, signUpBodySchema } from './accounts-api.js';
import { planSchema } from './events-control.js';
import { receiptSchema } from './keys-api.js';
import { decimalToMicros } from './money.js';

/** `POST /api/v1/admin/users` (contract A6 "Operator bodies"). */
export const createUserBodySchema = signUpBodySchema.pick({ name: true, email: true, password: true });

/** `GET /api/v1/admin/users?email=`. */
export const findUserQuerySchema = z.object({ email: emailSchema });

/** `PUT /api/v1/admin/users/{id}/plan`. */
export const changePlanBodySchema = z.object({
  plan: z.enum(planSchema.options, { error: `plan must be one of ${planSchema.options.join(', ')}` }),
});

const USD_RULE = 'usd must be dollars as a decimal string with at most 6 places, or null for the allowance of the plan';

/** `PUT /api/v1/admin/users/{id}/usage-limit`: null goes back to the plan's allowance. */
export const changeUsageLimitBodySchema = z.object({
  usd: z
    .string({ error: USD_RULE })
    .refine((text) => decimalToMicros(text) !== undefined, USD_RULE)
    .nullable(),
});

export const operatorUserSchema = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  plan: planSchema,
  suspended: z.boolean(),
  usageLimitUsd: z.string().nullable().describe('null: the allowance of the plan'),
  createdAt: z.iso.datetime(),
});
export type OperatorUserView = z.infer<typeof operatorUserSchema>;

export const operatorUserAnswerSchema = z.object({ success: z.literal(true), user: operatorUserSchema });

export const suspendedUserAnswerSchema = operatorUserAnswerSchema.extend({
  receipt: receiptSchema.optional().describe('absent when nothing changed'),
});

/** A gateway as the fleet knows it. */
export const fleetMemberSchema = z.object({
  id: z.string(),
  applied: z.int().describe('changes of the directory that its copy has'),
  lag: z.int().describe('changes that it does not have yet'),
  appliedAt: z.iso.datetime(),
  leaseMs: z
    .int()
    .nullable()
    .describe('how long it admits without a confirmation; null: it shares the directory itself'),
  beat: z.int().nullable().describe('another one at each confirmation'),
});
export type FleetMemberView = z.infer<typeof fleetMemberSchema>;

/** `GET /api/v1/admin/gateways`. */
export const gatewaysAnswerSchema = z.object({ success: z.literal(true), gateways: z.array(fleetMemberSchema) });

const partHealthSchema = z.object({ ok: z.boolean() }).catchall(z.unknown());

/** `GET /health/ready` of each process: what it is made of, and whether each part would answer correctly now. */
export const healthReportSchema = z.object({
  status: z.enum(['ready', 'not ready']),
  parts: z.record(z.string(), partHealthSchema),
});
export type HealthReport = z.infer<typeof healthReportSchema>;

/** A service that runs apart from the gateway, as that gateway sees it. */
export const serviceHealthSchema = z.object({
  name: z.enum(['keys', 'billing', 'logs']),
  status: z.enum([...healthReportSchema.shape.status.options, 'away']).describe('away: it did not answer in time'),
  parts: healthReportSchema.shape.parts,
});
export type ServiceHealthView = z.infer<typeof serviceHealthSchema>;

/** `GET /api/v1/admin/services`. */
export const servicesAnswerSchema = z.object({ success: z.literal(true), services: z.array(serviceHealthSchema) });
