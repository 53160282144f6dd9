// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/compare/loss.h"
#include "engine/compare/prediction.h"
#include "engine/session/logitsstudy.h"
#include "engine/session/writing.h"
#include "tests/engine/support/heads.h"
#include "tests/engine/support/tinymodel.h"

#include <QtTest/QTest>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace engine;
using namespace tests;

namespace {

SessionPlan planOf(std::string_view method)
{
    SessionPlan plan;
    plan.everywhere.attention.method = method;
    return plan;
}

std::unique_ptr<Session> sessionOf(const std::shared_ptr<const Model>& model, std::string_view method)
{
    Job job;
    return makeSession(model, planOf(method), {}, nullptr, nullptr, 0, job);
}

LogitsSlot slotOf(const std::shared_ptr<const Model>& model, std::string_view method, std::span<const TokenId> ids)
{
    Job job;
    Recorder recorder(mapFilter(planOf(method)));
    sessionOf(model, method)->feed(ids, recorder, job);
    LogitsSlot slot{std::string(method), recorder.take(), {}, {}, {}};
    slot.losses = tokenLosses(slot.trace->grid(probes::logits, {}), ids);
    return slot;
}

std::string labelOf(TokenId token)
{
    return "t" + std::to_string(token.value);
}

const Panel* panelOf(const Study& study, std::string_view id)
{
    const auto found = std::ranges::find(study.panels, id, &Panel::id);
    return found != study.panels.end() ? &*found : nullptr;
}

std::string sentenceOf(const Study& study)
{
    std::string text;
    for (const Phrase& phrase : study.sentence)
        text += phrase.text;
    return text;
}

} // namespace

class TestLogits : public QObject
{
    Q_OBJECT

private slots:
    void lastLayerOfTheLensIsThePrediction();
    void lensReadsEveryLayer();
    void lensRefusesWhatWasNotRecorded();
    void predictionByHand();
    void ranksIgnorePaddingRows();
    void perplexityBucketsByHand();
    void agreementOfTexts();
    void freeAndForcedWriting();
    void freeWritingEndsWithTheText();
    void studyShowsTheComputedNumbers();
};

void TestLogits::lastLayerOfTheLensIsThePrediction()
{
    ModelConfig config = tinyConfig();
    for (const bool tied : {true, false}) {
        config.tied = tied;
        const auto model = tinyModel(config);
        const auto ids = tokenIds(17);
        const LogitsSlot slot = slotOf(model, "softmax", ids);
        const Grid logits = slot.trace->grid(probes::logits, {});
        Job job;
        for (const int token : {0, 8, 16}) {
            const Grid lens = logitLens(*model, *slot.trace, {token}, job);
            QCOMPARE(lens.rows(), config.layers);
            // The streams went through float once.
            QVERIFY(distance(logits.rowRange(token, 1), lens.rowRange(config.layers - 1, 1)) < 1e-5);
            QVERIFY(distance(logits.rowRange(token, 1), lens.rowRange(0, 1)) > 1e-2);
        }
    }
}

void TestLogits::lensReadsEveryLayer()
{
    // Layer l of the lens is the prediction of the model that ends after layer l.
    ModelConfig config = tinyConfig();
    const auto model = tinyModel(config);
    const auto ids = tokenIds(9);
    const LogitsSlot slot = slotOf(model, "softmax", ids);
    Job job;
    const Grid lens = logitLens(*model, *slot.trace, {8}, job);
    const auto eps = config.normEps;
    const auto norm = model->weight(Weight::FinalNorm), classifier = model->weight(Weight::Classifier);
    for (int layer = 0; layer < config.layers; ++layer) {
        const auto x = slot.trace->grid(probes::output, {LayerIndex{layer}, allHeads, {}}).row(8);
        double squares = 0;
        for (const float number : x)
            squares += double(number) * double(number);
        const double root = std::sqrt(squares / double(x.size()) + eps);
        for (const int token : {0, 11, 22}) {
            double logit = 0;
            for (std::size_t i = 0; i < x.size(); ++i)
                logit += double(x[i]) / root * double(norm[i]) * double(classifier[std::size_t(token) * x.size() + i]);
            QVERIFY(std::abs(logit - double(lens.at(layer, token))) < 1e-5 * std::max(1.0, std::abs(logit)));
        }
    }
}

void TestLogits::lensRefusesWhatWasNotRecorded()
{
    const auto model = tinyModel();
    const LogitsSlot slot = slotOf(model, "softmax", tokenIds(3));
    Job job;
    try {
        logitLens(*model, *slot.trace, {3}, job);
        QFAIL("a token that was not fed was read");
    } catch (const Error& error) {
        QCOMPARE(error.fault(), Fault::Request);
        QVERIFY(std::string(error.what()).find("token 3") != std::string::npos);
    }
}

void TestLogits::predictionByHand()
{
    const std::vector<float> logits{float(std::log(0.5)), float(std::log(0.125)), float(std::log(0.25)),
                                    float(std::log(0.125))};
    const Prediction prediction(logits, 4);
    QVERIFY(std::abs(prediction.probability({0}) - 0.5) < 1e-7);
    QVERIFY(std::abs(prediction.entropy() - 1.75 * std::log(2.0)) < 1e-6);
    QCOMPARE(prediction.likeliest(9), (std::vector<TokenId>{{0}, {2}, {1}, {3}}));
    QCOMPARE(prediction.rank({2}), 2);
    QCOMPARE(prediction.rank({1}), 3); // of equal ones the lower id
    QCOMPARE(prediction.rank({3}), 4);
    const std::vector<float> sure{1000.0F, -1000.0F};
    QCOMPARE(Prediction(sure, 2).entropy(), 0.0);
    QCOMPARE(Prediction(sure, 2).probability({0}), 1.0);
}

void TestLogits::ranksIgnorePaddingRows()
{
    const std::vector<float> logits{0.0F, 1.0F, 5.0F}; // the last row belongs to no token
    const Prediction prediction(logits, 2);
    QCOMPARE(prediction.likeliest(3), (std::vector<TokenId>{{1}, {0}}));
    QCOMPARE(prediction.rank({1}), 1);
    QVERIFY(std::abs(prediction.probability({1}) - std::exp(1) / (1 + std::exp(1) + std::exp(5))) < 1e-12);
}

void TestLogits::perplexityBucketsByHand()
{
    const float nan = std::nanf("");
    const std::vector<float> losses{nan, 1, 2, 4, 4, 4, 3};
    const auto buckets = perplexityByPosition(losses, 3);
    QCOMPARE(buckets.size(), std::size_t(3));
    QCOMPARE(buckets[0].positions, (TokenRange{0, 3}));
    QVERIFY(std::abs(buckets[0].perplexity - std::exp(1.5)) < 1e-12);
    // The mean of 1 and 2 has a standard error of √(0.5/2).
    QVERIFY(std::abs(buckets[0].error - std::exp(1.5) * 0.5) < 1e-12);
    QVERIFY(std::abs(buckets[1].perplexity - std::exp(4.0)) < 1e-12);
    QCOMPARE(buckets[1].error, 0.0);
    QCOMPARE(buckets[2].positions, (TokenRange{6, 1}));
    QCOMPARE(buckets[2].error, 0.0);
    QVERIFY(perplexityByPosition(std::vector<float>{nan}, 4).empty());
}

void TestLogits::agreementOfTexts()
{
    const std::vector<TokenId> one{{1}, {2}, {3}}, other{{1}, {2}, {4}}, beginning{{1}, {2}};
    QCOMPARE(agreementOf(one, other).length, 2);
    QCOMPARE(agreementOf(one, other).firstDifferent.value(), 2);
    QCOMPARE(agreementOf(one, beginning).length, 2);
    QVERIFY(!agreementOf(one, beginning).firstDifferent);
    QVERIFY(!agreementOf(one, one).firstDifferent);
}

void TestLogits::freeAndForcedWriting()
{
    const auto model = tinyModel();
    const auto prefix = tokenIds(7);
    Job job;
    const auto exact = writeFreely(*sessionOf(model, "softmax"), *model, prefix, 10, job);
    QCOMPARE(exact.size(), std::size_t(10));
    // A model that follows its own text holds every token of it likeliest.
    QCOMPARE(followText(*sessionOf(model, "softmax"), *model, prefix, exact, job), exact);
    // Another one, teacher-forced, is what a run over prefix and text predicts at the places before it.
    const auto followed = followText(*sessionOf(model, "taylorshift"), *model, prefix, exact, job);
    std::vector<TokenId> whole = prefix;
    whole.insert(whole.end(), exact.begin(), exact.end());
    const Grid logits = slotOf(model, "taylorshift", whole).trace->grid(probes::logits, {});
    for (std::size_t place = 0; place < exact.size(); ++place) {
        const Prediction prediction(logits.row(int(prefix.size() + place) - 1), model->tokensInUse());
        QCOMPARE(followed[place], prediction.likeliest(1).front());
    }
    QVERIFY(followText(*sessionOf(model, "softmax"), *model, prefix, {}, job).empty());
}

void TestLogits::freeWritingEndsWithTheText()
{
    const auto prefix = tokenIds(7);
    Job job;
    const auto endless = tinyModel();
    const auto text = writeFreely(*sessionOf(endless, "softmax"), *endless, prefix, 10, job);
    ModelConfig config = tinyConfig();
    config.eos = text[2];
    const auto ending = tinyModel(config);
    const auto ended = writeFreely(*sessionOf(ending, "softmax"), *ending, prefix, 10, job);
    const auto first = std::ranges::find(text, text[2]) - text.begin();
    QCOMPARE(std::ptrdiff_t(ended.size()), first + 1);
    QCOMPARE(ended.back(), text[2]);
}

void TestLogits::studyShowsTheComputedNumbers()
{
    const auto model = tinyModel();
    const auto ids = tokenIds(20);
    std::vector<LogitsSlot> compared{slotOf(model, "softmax", ids), slotOf(model, "taylorshift", ids)};
    Job job;
    compared[0].written = writeFreely(*sessionOf(model, "softmax"), *model, ids, 12, job);
    compared[1].written = writeFreely(*sessionOf(model, "taylorshift"), *model, ids, 12, job);
    compared[1].followed = followText(*sessionOf(model, "taylorshift"), *model, ids, compared[0].written, job);
    const Study study = logitsStudy({*model, compared, ids, {13}, labelOf}, job);

    const Prediction exact(compared[0].trace->grid(probes::logits, {}).row(13), model->tokensInUse());
    const Prediction other(compared[1].trace->grid(probes::logits, {}).row(13), model->tokensInUse());
    const auto& table = std::get<TableBody>(panelOf(study, "ranks")->body);
    QCOMPARE(table.columns.size(), std::size_t(5));
    for (std::size_t place = 0; place + 1 < table.rows.size(); ++place) {
        const TableBody::Row& row = table.rows[place];
        const TokenId token{std::stoi(row.label.substr(1))};
        QVERIFY(std::abs(*row.cells[0].number - 100 * exact.probability(token)) < 1e-9);
        QCOMPARE(row.cells[1].text, std::to_string(exact.rank(token)));
        QVERIFY(std::abs(*row.cells[2].number - 100 * other.probability(token)) < 1e-9);
        QCOMPARE(row.cells[3].text, std::to_string(other.rank(token)));
        QVERIFY(std::abs(*row.cells[4].number - (*row.cells[2].number - *row.cells[0].number)) < 1e-9);
    }
    ModelConfig encoder = tinyConfig();
    encoder.causal = false; // a row has seen the token that it would predict
    const auto bidirectional = tinyModel(encoder);
    const Study sees =
        logitsStudy({*bidirectional, std::vector{slotOf(bidirectional, "softmax", ids)}, ids, {19}, labelOf}, job);
    QVERIFY(panelOf(sees, "ranks") != nullptr && panelOf(study, "losses") != nullptr);
    QVERIFY(panelOf(sees, "losses") == nullptr && panelOf(sees, "ppl_by_pos") == nullptr);

    const std::string sentence = sentenceOf(study);
    QVERIFY(sentence.find(labelOf(ids[13])) != std::string::npos);
    QVERIFY(sentence.find(labelOf(exact.likeliest(1).front())) != std::string::npos);

    const auto& lens = std::get<HeatBody>(panelOf(study, "lens")->body);
    QCOMPARE(lens.maps.size(), std::size_t(2));
    QCOMPARE(lens.maps[0].cells.rows(), model->config().layers);
    QCOMPARE(double(lens.maps[0].cells.at(model->config().layers - 1, 0)),
             double(float(exact.probability(exact.likeliest(1).front()))));

    const auto& losses = std::get<CurvesBody>(panelOf(study, "losses")->body);
    QCOMPARE(losses.curves.size(), std::size_t(3));
    QCOMPARE(losses.curves[1].y.size(), std::size_t(19)); // nothing predicts the first token
    QCOMPARE(losses.curves[1].y[0], double(compared[0].losses[1]));
    QCOMPARE(losses.pick.sets, Pick::Sets::Query); // what is picked is the token whose loss it is
    QCOMPARE(losses.pick.values.size(), losses.curves[0].x.size());
    QCOMPARE(losses.pick.values[4], int(losses.curves[0].x[4]) - 1);

    const auto& writing = std::get<ChipsBody>(panelOf(study, "writing")->body);
    const Agreement agreement = agreementOf(compared[0].written, compared[1].written);
    QVERIFY(agreement.firstDifferent.has_value());
    const std::size_t own = agreement.length > 0 ? 1 : 0; // before it what both write
    if (agreement.length > 0) {
        QCOMPARE(writing.groups[0].chips.size(), std::size_t(agreement.length));
        QVERIFY(writing.groups[0].value.starts_with(std::to_string(agreement.length) + " token"));
    }
    QCOMPARE(writing.groups[own].chips[0].text, labelOf(compared[0].written[std::size_t(agreement.length)]));
    QCOMPARE(writing.groups[own + 1].chips[0].text, labelOf(compared[1].written[std::size_t(agreement.length)]));
    QCOMPARE(writing.groups[own + 1].value, "first differs at token " + std::to_string(*agreement.firstDifferent + 1));
    QCOMPARE(writing.groups[own + 2].chips.size(), compared[1].followed.size());
}

QTEST_APPLESS_MAIN(TestLogits)
#include "tst_logits.moc"
