// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/figures.h"
#include "app/wording.h"

#include <QCoreApplication>

#include <algorithm>
#include <map>

namespace app {

namespace {

using widgets::textOf;

constexpr double tabHeight = 520; // of all rows together, in units of 13 to the body type

QString tr(const char* text)
{
    return QCoreApplication::translate("figures", text);
}

const StudyResult& studyOf(const FigureSource& source, const std::string& tab)
{
    checkFigureView(tab);
    if (!source.study || source.study->request.tab != tab)
        throw engine::Error(engine::Fault::Request, "nothing was computed for the view '" + tab +
                                                        "' yet; a method that has it must be compared");
    return *source.study;
}

widgets::StudyNames namesOf(const StudyRequest& request)
{
    widgets::Identity exact = widgets::identityOf(engine::findMethod(engine::baseline).info);
    exact.title = tr("exact");
    return {widgets::identityOf(engine::findMethod(request.method).info), exact,
            tokenLabels(*request.cell.exact->sequence)};
}

// Begins and ends as a sentence does.
QString sentence(const std::string& words)
{
    QString text = textOf(words);
    if (!text.isEmpty() && text[0].unicode() < 128) // a symbol stays as it is
        text[0] = text[0].toUpper();
    return text.endsWith(u'.') ? text : text + u'.';
}

// The study's sentence, what stands below it, its notices and the panels' notes.
QString wordsOf(const engine::Study& study, const std::vector<const engine::Panel*>& panels)
{
    QString text;
    if (!study.sentence.empty())
        text += QStringLiteral(" ");
    for (const engine::Phrase& phrase : study.sentence)
        text += textOf(phrase.text);
    if (!study.second.empty())
        text += QStringLiteral(" ") + sentence(study.second);
    for (const engine::Notice& notice : study.notices)
        text += QStringLiteral(" ") + sentence(notice.what);
    for (std::size_t place = 0; place < panels.size(); ++place)
        if (!panels[place]->note.empty())
            text += QStringLiteral(" (%1) %2").arg(QChar(u'a' + char16_t(place)), sentence(panels[place]->note));
    return text;
}

QString captionOf(const FigureSource& source, const StudyResult& result,
                  const std::vector<const engine::Panel*>& panels)
{
    const LayerAttention& layer = *result.layer;
    const engine::Part& part = layer.context.plan.shown();
    const QString knobs = knobsInForce(part);
    QString text = (knobs.isEmpty() ? titleOf(part) : titleOf(part) + QStringLiteral(", ") + knobs) +
                   tr(" in layer %1 of %2: %3.")
                       .arg(result.request.cell.layer.value + 1)
                       .arg(modelWords(source, *result.request.cell.own->model), textOf(result.study.words));
    if (layer.fidelity == engine::Fidelity::DropIn)
        text += tr(" Drop-in, no training.");
    text += wordsOf(result.study, panels);
    const bool reference = layer.backend == engine::Backend::Reference;
    return text + (reference ? tr(" Float64 reference.") : tr(" Float32 on %1.").arg(deviceText(source.device)));
}

QString captionOf(const FigureSource& source, const PageStudy& page, const std::vector<const engine::Panel*>& panels)
{
    const auto& run = source.lanes.empty() ? nullptr : source.lanes.front().run;
    QString text = page.about.arg(run ? modelWords(source, *run->model) : tr("the checkpoint"));
    text += wordsOf(page.study, panels);
    if (page.tab != logitsTab || !run)
        return text;
    const bool reference = run->backend == engine::Backend::Reference;
    return text + (reference ? tr(" Float64 reference.") : tr(" Float32 on %1.").arg(deviceText(source.device)));
}

} // namespace

widgets::FigurePage studyPage(const FigureSource& source, const std::string& tab)
{
    const bool own = source.page && source.page->tab == tab; // it belongs to no method
    if (!own && (tab == logitsTab || tab == tensorTab))
        throw engine::Error(engine::Fault::Request,
                            "nothing was computed for the view '" + tab + "' yet; open it first");
    const engine::Study& study = own ? source.page->study : studyOf(source, tab).study;
    const widgets::StudyNames names = own ? source.page->names : namesOf(source.study->request);
    std::vector<const engine::Panel*> panels;
    std::map<int, double> shares; // of the rows
    for (const engine::Panel& panel : study.panels)
        if (!panel.side) { // what stands in the dock is read there, not shown by the tab
            panels.push_back(&panel);
            shares[panel.row] = std::max(shares[panel.row], panel.height);
        }
    std::stable_sort(panels.begin(), panels.end(),
                     [](const engine::Panel* a, const engine::Panel* b) { return a->row < b->row; });
    double all = 0;
    for (const auto& [row, share] : shares)
        all += share;
    widgets::FigurePage page;
    if (own)
        page.title = source.page->title;
    for (const engine::TabSpec* spec : methodTabs())
        if (spec->id == tab)
            page.title = textOf(spec->title);
    for (const engine::Panel* panel : panels)
        page.parts.push_back({{},
                              {},
                              widgets::FigureStudy{*panel, names},
                              std::clamp(tabHeight * shares[panel->row] / all, 150.0, 300.0),
                              panel->row,
                              panel->width});
    if (page.title.isEmpty() && !panels.empty())
        page.title = textOf(panels.front()->title);
    page.caption = own ? captionOf(source, *source.page, panels) : captionOf(source, *source.study, panels);
    return page;
}

} // namespace app
