// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/session/lens.h"

#include "engine/model/blocks.h"

namespace engine {

Grid logitLens(const Model& model, const Trace& trace, TokenPos token, Job& job)
{
    const ModelConfig& config = model.config();
    const int vocabulary = model.shape(Weight::Classifier).rows;
    Matrix logits(config.layers, vocabulary);
    for (int layer = 0; layer < config.layers; ++layer) {
        job.report(double(layer) / config.layers, "reading the layers");
        const Grid stream = trace.grid(probes::output, {LayerIndex{layer}, allHeads, {}});
        if (token.value < 0 || token.value >= stream.rows())
            throw Error(Fault::Request, "the residual stream after layer " + std::to_string(layer) + " at token " +
                                            std::to_string(token.value) + " was not recorded; " +
                                            std::to_string(stream.rows()) + " tokens were");
        const Matrix normed =
            rmsNorm(matrixOf(stream.rowRange(token.value, 1)), model.weight(Weight::FinalNorm), config.normEps);
        logits.row(layer) = dense(normed, model.weight(Weight::Classifier), vocabulary);
    }
    return gridOf(logits);
}

} // namespace engine
