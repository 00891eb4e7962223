import { Controller, Get, Query, Res } from '@nestjs/common';
import { CurrentUser, SessionRoute, type SignedIn } from '@tollgate/access';
import { Problem, type Report, REPORT_ROWS_MAX, reportQuerySchema } from '@tollgate/contracts';
import { Checked, Clock } from '@tollgate/service-kit';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { reportCsv } from './report-csv.js';
import { ReportTooLong, UsageReports } from './usage-report.js';
import { windowOfRequest } from './usage-window.js';

/** Usage that the signed-in person pays, as a report (contract A3). */
@Controller('api/billing/reports')
export class ReportsController {
  constructor(
    private readonly reports: UsageReports,
    private readonly clock: Clock,
  ) {}

  @Get()
  @SessionRoute()
  async report(
    @CurrentUser() owner: SignedIn,
    @Query(new Checked(reportQuerySchema, { text: 'first' })) query: z.output<typeof reportQuerySchema>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Report | string> {
    const window = windowOfRequest(query, this.clock.nowMs());
    const { groupBy, splitBy } = query;
    const report = await this.reports.read(owner, window, groupBy, splitBy).catch((error: unknown) => {
      throw error instanceof ReportTooLong ? tooLong() : error;
    });
    reply.header('cache-control', 'private, no-store');
    if (query.format === 'json') return report;
    const by = splitBy === undefined ? groupBy : `${groupBy}-and-${splitBy}`;
    const name = `usage-by-${by}-${report.from.slice(0, 10)}-${report.to.slice(0, 10)}.csv`;
    reply.header('content-disposition', `attachment; filename="${name}"`).type('text/csv; charset=utf-8');
    return reportCsv(report, groupBy, splitBy);
  }
}

function tooLong(): Problem {
  const message = `The report has more than ${REPORT_ROWS_MAX} rows: move from and to closer together`;
  return new Problem('badRequest', { text: message, details: [{ code: 'custom', path: ['from'], message }] });
}
