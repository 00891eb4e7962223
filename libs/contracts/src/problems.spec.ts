import { PROBLEMS, Problem, problemBody, type ProblemKind } from './problems.js';

const kinds = Object.keys(PROBLEMS) as ProblemKind[];

describe('the problems', () => {
  test('in v2, each status has one code and each code one status', () => {
    const pairs = new Set(kinds.map((kind) => `${PROBLEMS[kind].status} ${PROBLEMS[kind].v2}`));
    expect(new Set(kinds.map((kind) => PROBLEMS[kind].status)).size).toBe(pairs.size);
    expect(new Set(kinds.map((kind) => PROBLEMS[kind].v2)).size).toBe(pairs.size);
  });

  test('have a text as error in v1 and an object in v2, whatever the kind', () => {
    for (const kind of kinds) {
      const problem = new Problem(kind, { details: [{ path: [], message: 'm' }] });
      expect(typeof problemBody(problem, false).error).toBe('string');
      expect(problemBody(problem, true)).toEqual({
        error: { code: PROBLEMS[kind].v2, message: problem.message, details: [{ path: [], message: 'm' }] },
      });
    }
  });
});
