// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/measure/passkeygrid.h"

#include "engine/model/model.h"

#include <cmath>

namespace engine {
namespace {

std::uint64_t seedOf(const PasskeyRequest& request, int length, double depth, int sample)
{
    return request.seed + std::uint64_t(sample) * 1000003 + std::uint64_t(length) * 101 +
           std::uint64_t(std::lround(1000 * depth));
}

PasskeyCell ask(const Model& model, const KnockOut& variant, int length, double depth, int segment,
                const PasskeyRequest& request, const PasskeySession& makeSession, Job& job)
{
    PasskeyCell cell{variant.name, length, 0, depth};
    std::unique_ptr<Session> session;
    for (int sample = 0; sample < request.samples; ++sample) {
        const PasskeyQuestion question =
            passkeyQuestion(*model.tokenizer(), length, depth, seedOf(request, length, depth, sample));
        if (!session)
            session = makeSession(variant.plan, question);
        const PasskeyAnswer answer = askPasskey(*session, question, job);
        cell.tokens = int(question.prompt.size());
        cell.local = segment == 0 || question.local(segment);
        cell.right += answer.right;
        cell.answers += answer.tokens;
        cell.whole += answer.whole();
        cell.nats += answer.nats / request.samples;
        ++cell.samples;
    }
    return cell;
}

} // namespace

double passkeyTokens(const SessionPlan& plan, const PasskeyRequest& request)
{
    double lengths = 0;
    for (const int length : request.lengths)
        lengths += length;
    return lengths * double(request.depths.size()) * request.samples * double(knockOuts(plan).size());
}

void checkPasskey(const Tokenizer& tokenizer, const PasskeyRequest& request)
{
    for (const int length : request.lengths)
        passkeyQuestion(tokenizer, length, 0, request.seed);
    for (const double depth : request.depths)
        passkeyQuestion(tokenizer, request.lengths.front(), depth, request.seed);
    if (request.samples < 1)
        throw Error(Fault::Request, std::to_string(request.samples) + " keys per cell; at least 1 was expected");
}

std::vector<PasskeyCell> passkeyGrid(const Model& model, const SessionPlan& plan, const PasskeyRequest& request,
                                     const PasskeySession& makeSession, Job& job)
{
    const int segment = exactSegment(plan, model.config());
    const std::vector<KnockOut> variants = knockOuts(plan);
    const double all = double(variants.size() * request.lengths.size() * request.depths.size());
    std::vector<PasskeyCell> cells;
    for (const KnockOut& variant : variants) {
        for (const int length : request.lengths) {
            for (const double depth : request.depths) {
                job.check();
                const double begin = double(cells.size()) / all;
                job.report(begin, "memory " + variant.name + ", " + std::to_string(length) + " tokens");
                // What a session says of itself is a part of the cell's share; here a stop is heard, too.
                Job part({}, [&](const Progress& progress) {
                    job.report(begin + progress.fraction / all,
                               "memory " + variant.name + ", " + std::to_string(length) + " tokens");
                });
                cells.push_back(ask(model, variant, length, depth, segment, request, makeSession, part));
            }
        }
    }
    return cells;
}

} // namespace engine
