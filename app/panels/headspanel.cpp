// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/headspanel.h"

#include "app/panels/heading.h"
#include "widgets/iconbutton.h"
#include "widgets/layererrors.h"

#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

HeadsPanel::HeadsPanel(QWidget* parent)
    : View(parent)
    , m_heading(new Heading(tr("Heads"), 36, this))
    , m_grid(new widgets::HeadsGrid(this))
    , m_numbers(new QLabel(this))
    , m_label(new QLabel(this))
    , m_errors(new widgets::LayerErrors(this))
    , m_reason(new QLabel(this))
    , m_offer(new QPushButton(this))
    , m_inner(new QVBoxLayout)
{
    auto* more = new widgets::IconButton(widgets::Symbol::More, tr("Number and order of the heads"), m_heading);
    m_heading->addTool(more);
    m_numbers->setTextFormat(Qt::RichText);
    for (QLabel* label : {m_numbers, m_label, m_reason})
        label->setWordWrap(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_heading);
    column->addLayout(m_inner);
    m_inner->addWidget(m_grid);
    m_inner->addWidget(m_numbers);
    m_inner->addWidget(m_label);
    m_inner->addWidget(m_errors);
    m_inner->addWidget(m_reason);
    m_inner->addWidget(m_offer, 0, Qt::AlignLeft);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    connect(more, &widgets::IconButton::clicked, this,
            [this, more] { emit menuAsked(more->mapToGlobal(QPoint(0, more->height()))); });
    connect(m_offer, &QPushButton::clicked, this, &HeadsPanel::runAsked);
    connect(m_numbers, &QLabel::linkActivated, this, &HeadsPanel::worstAsked);
    HeadsPanel::themeChanged();
    setValue({});
}

void HeadsPanel::setValue(HeadsValue value)
{
    m_value = std::move(value);
    m_heading->setWords(m_value.metric);
    m_heading->setNote(m_value.state);
    const bool known = !m_value.heads.empty();
    m_grid->setHeads(m_value.heads, m_value.columns, m_value.sorted, m_value.causal, m_value.method);
    m_errors->setErrors(m_value.local, m_value.accumulated, m_value.method);
    m_grid->setVisible(known);
    m_numbers->setVisible(known);
    m_label->setVisible(known && !m_value.label.isEmpty());
    m_errors->setVisible(known && !m_value.accumulated.empty());
    showNumbers();
    m_label->setText(m_value.label);
    m_label->setToolTip(m_value.meaning);
    m_reason->setVisible(!m_value.reason.isEmpty());
    m_reason->setText(m_value.reason);
    m_offer->setVisible(!m_value.offer.isEmpty());
    m_offer->setText(m_value.offer);
    updateGeometry();
}

QSize HeadsPanel::minimumSizeHint() const
{
    return {theme().px(80), theme().px(m_value.heads.empty() ? 72 : 128)};
}

void HeadsPanel::showNumbers()
{
    // The worst head is a link: one click to it.
    m_numbers->setText(QStringLiteral("%1 &nbsp; <a style=\"color:%3\" href=\"worst\">%2</a>")
                           .arg(m_value.mean.toHtmlEscaped(), m_value.worst.toHtmlEscaped(), theme().text.name()));
}

void HeadsPanel::setPicked(engine::LayerIndex layer, engine::HeadIndex head)
{
    m_grid->setPicked(layer, head);
    m_errors->setPicked(layer.value);
}

void HeadsPanel::themeChanged()
{
    const int side = theme().px(Theme::gap4);
    m_inner->setContentsMargins(side, 0, side, theme().px(Theme::gap3));
    m_inner->setSpacing(theme().px(Theme::gap1));
    QPalette quiet = palette();
    quiet.setColor(QPalette::WindowText, theme().secondary);
    for (QLabel* label : {m_numbers, m_label, m_reason}) {
        label->setFont(theme().font(Theme::labelSize));
        label->setPalette(quiet);
    }
    showNumbers(); // its link is in the theme's colour
}

void HeadsPanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace app
