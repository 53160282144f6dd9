// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/tensors/tensorspanel.h"

#include "app/panels/heading.h"
#include "widgets/histogramstrip.h"
#include "widgets/iconbutton.h"
#include "widgets/tensortree.h"

#include <QLineEdit>
#include <QPainter>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

TensorsPanel::TensorsPanel(QWidget* parent)
    : View(parent)
    , m_search(new QLineEdit(this))
    , m_tree(new widgets::TensorTree(this))
    , m_histogram(new widgets::HistogramStrip(this))
{
    auto* heading = new Heading(tr("Tensors"), 36, this);
    auto* find = new widgets::IconButton(widgets::Symbol::Search, tr("Search tensors"), heading);
    find->setCheckable(true);
    heading->addTool(find);
    m_search->setPlaceholderText(tr("Name or part of it"));
    m_search->setAccessibleName(tr("Search tensors"));
    m_search->setClearButtonEnabled(true);
    m_search->setVisible(false);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(heading);
    auto* inset = new QVBoxLayout;
    inset->setContentsMargins(theme().px(Theme::gap3), 0, theme().px(Theme::gap3), theme().px(Theme::gap1));
    inset->addWidget(m_search);
    column->addLayout(inset);
    column->addWidget(m_tree, 1);
    column->addWidget(m_histogram);
    connect(find, &widgets::IconButton::toggled, this, [this](bool shown) {
        m_search->setVisible(shown);
        if (shown)
            m_search->setFocus();
        else
            m_search->clear();
    });
    connect(m_search, &QLineEdit::textChanged, m_tree, &widgets::TensorTree::setFilter);
}

QSize TensorsPanel::minimumSizeHint() const
{
    return {theme().px(120), theme().px(36 + 3 * 22 + 104)};
}

void TensorsPanel::paintEvent(QPaintEvent* /*event*/)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace app
