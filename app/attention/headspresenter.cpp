// SPDX-License-Identifier: GPL-3.0-or-later
// The Heads panel of the left dock.
#include "app/attention/attentionpresenter.h"
#include "app/attention/viewwords.h"
#include "app/panels/headspanel.h"
#include "app/wording.h"
#include "widgets/numbers.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace app {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("attention", text);
}

QString text(std::string_view from)
{
    return QString::fromUtf8(from.data(), qsizetype(from.size()));
}

QString numberText(const std::string& metric, double value)
{
    if (!std::isfinite(value))
        return tr("n/a");
    if (metric == "kl" || metric == "dH" || metric == "entropy")
        return tr("%1 nats").arg(widgets::fixed(value, 2));
    return widgets::percent(value);
}

// Where each head of the navigation stands.
std::vector<int> orderOf(const Navigation& navigation, const std::string& order, const std::string& metric)
{
    std::vector<int> places(navigation.all.size());
    std::iota(places.begin(), places.end(), 0);
    if (order.empty())
        return places;
    const std::string& by = order == "error" ? metric : order;
    const auto key = [&](int place) {
        const double number = numberOf(navigation.all[std::size_t(place)], by);
        return std::isfinite(number) ? std::abs(number) : -1; // those without a number come last
    };
    std::stable_sort(places.begin(), places.end(), [&](int a, int b) { return key(a) > key(b); });
    return places;
}

QString wordsOf(const HeadSummary& head, const QString& metric, const QString& number)
{
    QString words =
        tr("layer %1, head %2: %3 %4").arg(head.layer.value + 1).arg(head.head.value + 1).arg(metric, number);
    if (std::isfinite(head.rows.entropy))
        words += tr("\nentropy %1 nats, on the first token %2")
                     .arg(widgets::fixed(head.rows.entropy, 2), widgets::percent(head.rows.sink));
    for (const engine::Behaviour& each : head.behaviours)
        if (each.rows > 0)
            words += QStringLiteral("\n%1 %2").arg(text(each.title), widgets::fixed(each.score, 2));
    return words;
}

} // namespace

void AttentionPresenter::showHeads()
{
    HeadsPanel& panel = m_window.heads();
    const auto& navigation = m_work.navigation();
    const AttentionView& view = m_document.state().layout.attention;
    HeadsValue value;
    for (const auto& [name, id] : metricChoice().values)
        if (id == view.metric)
            value.metric = name;
    const auto& model = m_document.model();
    const bool current = m_work.navigationIsCurrent();
    if (navigation && navigation->request.own->model == model) {
        value.columns = navigation->heads;
        value.sorted = !view.order.empty();
        value.causal = navigation->request.exact->model->config().causal;
        value.method = identityOf(navigation->request.own->plan.everywhere.shown());
        double sum = 0;
        int count = 0;
        const HeadSummary* worst = nullptr;
        for (const int place : orderOf(*navigation, view.order, view.metric)) {
            const HeadSummary& head = navigation->all[std::size_t(place)];
            const double number = numberOf(head, view.metric);
            value.heads.push_back({head.layer, head.head, head.thumbnail, number,
                                   wordsOf(head, value.metric, numberText(view.metric, number))});
            if (!std::isfinite(number))
                continue;
            sum += number;
            ++count;
            if (worst == nullptr || number > numberOf(*worst, view.metric))
                worst = &head;
        }
        if (worst != nullptr) {
            value.mean = tr("mean %1").arg(numberText(view.metric, sum / count));
            value.worst = tr("most %1·%2  %3")
                              .arg(worst->layer.value + 1)
                              .arg(worst->head.value + 1)
                              .arg(numberText(view.metric, numberOf(*worst, view.metric)));
        }
        value.local = navigation->local;
        value.accumulated = navigation->accumulated;
        const Selection& selection = m_document.state().selection;
        if (selection.layer.value < navigation->layers && selection.head.value < navigation->heads) {
            const HeadSummary& head = navigation->of(selection.layer, selection.head);
            const engine::Behaviour* label = head.label();
            const QString name = tr("head %1·%2: ").arg(head.layer.value + 1).arg(head.head.value + 1);
            value.label = label != nullptr ? name + text(label->title) + ' ' + widgets::fixed(label->score, 2)
                                           : name + tr("mixed");
            value.meaning = label != nullptr ? text(label->definition)
                                             : tr("None of the behaviours that are measured has enough of its weight.");
        }
    }
    if (m_work.navigating())
        value.state = tr("comparing…");
    else if (!current && model && m_document.sequence() && m_work.compared() > 0) {
        value.state = value.heads.empty() ? QString() : tr("of the text before");
        value.offer = tr("Compare every head");
        value.reason = tr("%1 layers × %2 heads at %3 tokens")
                           .arg(model->config().layers)
                           .arg(model->config().heads)
                           .arg(m_document.tokenCount());
        if (const auto seconds = m_work.expectedSeconds())
            value.reason += tr(", about %1").arg(widgets::duration(*seconds * 1e9));
    }
    panel.setValue(std::move(value));
    panel.setPicked(m_document.state().selection.layer, m_document.state().selection.head);
}

} // namespace app
