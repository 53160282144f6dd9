// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/pagestudy.h"

#include "app/logits/logitswork.h"
#include "app/tensors/tensorwork.h"
#include "app/wording.h"

#include <QCoreApplication>

namespace app {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("figures", text);
}

} // namespace

std::shared_ptr<const PageStudy> logitsPage(const LogitsLook& look)
{
    const LaneRun& exact = *look.runs.front();
    auto page = std::make_shared<PageStudy>();
    page->tab = logitsTab;
    page->title = tr("Logits");
    QStringList methods;
    for (const auto& run : look.runs)
        methods << titleOf(run->plan.everywhere.shown());
    page->about = tr("Next tokens of %1 after %2 of %3 tokens, by %4.")
                      .arg(QStringLiteral("%1"), QString::number(look.step.value + 1),
                           QString::number(exact.sequence->ids.size()), methods.join(QStringLiteral(", ")));
    page->study = look.study;
    page->names.exact = identityOf(exact.plan.everywhere.attention);
    page->names.own = look.runs.size() > 1 ? identityOf(look.runs[1]->plan.everywhere.attention) : page->names.exact;
    page->names.pieces = tokenLabels(*exact.sequence);
    page->pieces = exact.sequence->pieces;
    return page;
}

std::shared_ptr<const PageStudy> tensorPage(const TensorLook& look)
{
    auto page = std::make_shared<PageStudy>();
    page->tab = tensorTab;
    page->title = QString::fromStdString(look.entry.name);
    page->about = tr("A tensor of %1.");
    page->study = look.study;
    return page;
}

} // namespace app
