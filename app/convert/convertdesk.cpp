// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/convert/convertdesk.h"

#include "app/cli/grammar.h"
#include "app/cli/opened.h"
#include "app/wording.h"
#include "widgets/numbers.h"

#include <QPointer>
#include <QStandardPaths>

#include <cmath>

namespace app {

namespace {

std::vector<const engine::MethodInfo*> converters()
{
    std::vector<const engine::MethodInfo*> found;
    for (const engine::Method& method : engine::methods())
        if (canConvert(method))
            found.push_back(&method.info);
    return found;
}

std::vector<engine::Token> calibrationText(const engine::Model& model, const ConversionRequest& request)
{
    cli::Prompt text;
    text.file = request.text.string();
    return cli::encoded(model, text);
}

QString priceText(const ConversionPrice& price)
{
    QString text =
        ConvertDesk::tr("%1 tokens. It takes %2 for what the layers read of them")
            .arg(widgets::whole(std::int64_t(price.tokens)), widgets::bytes(std::int64_t(std::ceil(price.recorded))));
    if (price.fitted > 0)
        text +=
            ConvertDesk::tr(", and %1 for what is fitted").arg(widgets::bytes(std::int64_t(std::ceil(price.fitted))));
    return text + QStringLiteral(".");
}

// What a job on the measuring worker found out for the dialog.
struct Answer
{
    QString words;
    bool refused = false;
};

Answer answerTo(const engine::Model& model, const ConversionRequest& request)
{
    try {
        checkFolder(request.folder);
        return {priceText(priceOf(model, request, calibrationText(model, request).size()))};
    } catch (const engine::Error& error) {
        return {QString::fromStdString(error.what()), true};
    }
}

} // namespace

ConvertDesk::ConvertDesk(Document& document, Lanes& lanes, MainWindow& window)
    : m_document(document)
    , m_lanes(lanes)
    , m_window(window)
{
}

bool ConvertDesk::offered() const
{
    return m_document.model() != nullptr && !converters().empty();
}

// The compared lane's method where it can convert, into a folder of the user's named after both.
ConvertForm ConvertDesk::startForm() const
{
    ConvertForm form = m_last.value_or(ConvertForm{});
    if (!m_last) {
        form.layers = QStringLiteral("all");
        const engine::Part& shown = m_document.comparedPlan().everywhere.shown();
        form.method = std::string(converters().front()->id);
        if (canConvert(engine::findMethod(shown.method))) {
            form.method = shown.method;
            form.knobs = shown.knobs;
        }
    }
    const QString place = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    form.folder = place + QLatin1Char('/') + QString::fromStdString(m_document.model()->checkpoint().name) +
                  QLatin1Char('-') + QString::fromStdString(form.method);
    return form;
}

// Throws engine::Error{Request} in a sentence.
ConversionRequest ConvertDesk::requestOf(const ConvertForm& form) const
{
    const engine::Model& model = *m_document.model();
    ConversionRequest request{{form.method, form.knobs},
                              cli::parseLayers(form.layers.trimmed().toStdString(), model.config().layers),
                              form.text.toStdString(),
                              form.folder.toStdString()};
    checkConversion(model, request.part);
    if (request.text.empty())
        throw engine::Error(engine::Fault::Request, "A text to calibrate on was expected.");
    if (request.folder.empty())
        throw engine::Error(engine::Fault::Request, "A folder for the result was expected.");
    return request;
}

// What can be told at once is; the text is read on a worker, and the newest question is the one that is answered.
void ConvertDesk::showPrice(ConvertDialog& dialog)
{
    m_lanes.stopMeasuring("conversion price");
    if (!offered()) {
        dialog.setPrice(tr("A model was expected."), true);
        return;
    }
    try {
        dialog.setPrice(tr("Reading the text…"), true);
        m_lanes.measureOn(
            "conversion price", tr("Reading the calibration text"),
            [view = QPointer(&dialog), model = m_document.model(), request = requestOf(dialog.form()),
             asked = dialog.form()](engine::Job&, Bench& bench) {
                bench.post([view, asked, answer = answerTo(*model, request)] {
                    if (view && view->form() == asked)
                        view->setPrice(answer.words, answer.refused);
                });
            },
            [] {});
    } catch (const engine::Error& error) {
        dialog.setPrice(QString::fromStdString(error.what()), true);
    }
}

void ConvertDesk::ask()
{
    if (!offered())
        return;
    auto* dialog = new ConvertDialog(converters(), &m_window);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setForm(startForm());
    showPrice(*dialog);
    connect(dialog, &ConvertDialog::formChanged, this, [this, dialog] { showPrice(*dialog); });
    connect(dialog, &QDialog::accepted, this, [this, dialog] { run(dialog->form()); });
    dialog->open();
}

void ConvertDesk::run(const ConvertForm& form)
{
    if (!offered())
        return;
    m_last = form;
    try {
        const ConversionRequest request = requestOf(form);
        m_lanes.measureOn(
            "convert " + request.folder.string(), tr("Converting"),
            [desk = QPointer(this), request, model = m_document.model(),
             accelerator = m_lanes.acceleratorOf({0})](engine::Job& job, Bench& bench) {
                // It would keep the lanes waiting for minutes, so it takes no turn: their times say they were
                // disturbed.
                const Turns::Disturbance disturbance(bench.turns);
                const auto conversion = std::make_shared<const Conversion>(
                    convertModel(model, request, calibrationText(*model, request), bench.device,
                                 accelerator ? accelerator->model : nullptr, job));
                bench.post([desk, model, request, conversion] {
                    if (desk)
                        desk->converted(model, request, *conversion);
                });
            },
            [] {});
    } catch (const engine::Error& error) {
        m_document.report(error);
    }
}

// Opens the result, unless the reader has gone on to another model meanwhile.
void ConvertDesk::converted(const std::shared_ptr<const engine::Model>& model, const ConversionRequest& request,
                            const Conversion& conversion)
{
    if (m_document.model() == model)
        m_document.open(request.folder);
    QString why;
    if (conversion.before.tokens > 0)
        why =
            tr("Perplexity of %1 tokens held out: %2 before, %3 after.")
                .arg(widgets::whole(std::int64_t(conversion.before.tokens)),
                     widgets::compact(conversion.before.perplexity()), widgets::compact(conversion.after.perplexity()));
    m_document.setMessage(Message{tr("%1 was fitted on %2 tokens and is written to %3.")
                                      .arg(titleOf(request.part), widgets::whole(std::int64_t(conversion.tokens)),
                                           QString::fromStdString(request.folder.string())),
                                  why, true, Message::Cure::None});
}

} // namespace app
