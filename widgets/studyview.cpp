// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/studyview.h"

#include "widgets/columnscroll.h"
#include "widgets/messagebar.h"
#include "widgets/sentence.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace widgets {

StudyView::StudyView(QWidget* parent)
    : View(parent)
    , m_body(new QWidget)
    , m_sentence(new Sentence(m_body))
    , m_panels(new StudyPanels(StudyPanels::Place::Rows, m_body))
    , m_scroll(new ColumnScroll(this))
    , m_column(new QVBoxLayout(m_body))
    , m_inset(new QHBoxLayout)
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(0);
    m_inset->addWidget(m_sentence);
    m_column->addLayout(m_inset);
    m_column->addWidget(m_panels, 1);
    m_scroll->setColumn(m_body);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(m_scroll);
    connect(m_panels, &StudyPanels::picked, this, &StudyView::picked);
    StudyView::themeChanged();
}

void StudyView::setStudy(const engine::Study& study, const StudyNames& names)
{
    std::vector<Run> runs;
    for (const engine::Phrase& phrase : study.sentence)
        runs.push_back({textOf(phrase.text), phrase.strong});
    m_sentence->setRuns(std::move(runs));
    m_sentence->setSecond(textOf(study.second));
    m_sentence->setVisible(!study.sentence.empty());
    showNotices(study.notices);
    m_panels->setPanels(study.panels, names);
}

void StudyView::showNotices(const std::vector<engine::Notice>& notices)
{
    for (MessageBar* bar : m_notices) {
        bar->hide();
        bar->deleteLater();
    }
    m_notices.clear();
    for (const engine::Notice& notice : notices) {
        if (std::find(m_closed.begin(), m_closed.end(), notice.what) != m_closed.end())
            continue;
        auto* bar = new MessageBar(m_body);
        bar->show({Message::Kind::Warning, textOf(notice.what), textOf(notice.why), {}});
        connect(bar, &MessageBar::closed, this, [this, bar, what = notice.what] {
            m_closed.push_back(what);
            std::erase(m_notices, bar);
            bar->hide();
            bar->deleteLater();
        });
        m_column->insertWidget(int(m_notices.size()), bar);
        m_notices.push_back(bar);
    }
}

void StudyView::setCompact(bool compact)
{
    m_compact = compact;
    m_sentence->setSmall(compact);
    m_panels->setCompact(compact);
    themeChanged();
}

void StudyView::themeChanged()
{
    m_inset->setContentsMargins(theme().px(Theme::gap4), 0, theme().px(m_compact ? 16 : 40), theme().px(Theme::gap1));
}

void StudyView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace widgets
