// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/attention/attentiontools.h"

#include "widgets/iconbutton.h"
#include "widgets/segment.h"

#include <QHBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

AttentionTools::AttentionTools(bool compact, QWidget* parent)
    : View(parent)
    , m_picture(new widgets::Segment(this))
    , m_mode(new widgets::Segment(this))
    , m_scale(new widgets::Segment(this))
    , m_lock(new widgets::IconButton(widgets::Symbol::Unlock, tr("Lock the colour range"), this))
    , m_export(new widgets::IconButton(widgets::Symbol::Export, tr("Export a figure"), this))
    , m_options(new widgets::IconButton(widgets::Symbol::More, tr("What the maps show"), this))
{
    m_picture->setOptions({tr("maps"), tr("arcs"), tr("neurons")});
    m_picture->setToolTip(tr("Maps; arcs between tokens; or the query and keys dimension by dimension"));
    m_picture->setAccessibleName(tr("Picture"));
    m_mode->setOptions({tr("side by side"), tr("difference"), tr("ratio"), tr("swipe"), tr("every")});
    m_mode->setToolTip(tr("How methods are compared (D)"));
    m_mode->setAccessibleName(tr("Comparison"));
    m_scale->setOptions({QStringLiteral("√"), tr("log"), tr("linear")});
    m_scale->setToolTip(tr("How weights become colours"));
    m_scale->setAccessibleName(tr("Colour scale"));
    m_lock->setCheckable(true);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    for (QWidget* tool : std::initializer_list<QWidget*>{m_picture, m_mode, m_scale, m_lock, m_export, m_options})
        row->addWidget(tool, 0, Qt::AlignVCenter);
    m_picture->setVisible(!compact);
    m_mode->setVisible(!compact);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    AttentionTools::themeChanged();
    connect(m_picture, &widgets::Segment::chosen, this, &AttentionTools::pictureChosen);
    connect(m_mode, &widgets::Segment::chosen, this, &AttentionTools::modeChosen);
    connect(m_scale, &widgets::Segment::chosen, this, &AttentionTools::scaleChosen);
    connect(m_lock, &widgets::IconButton::clicked, this, &AttentionTools::lockAsked);
    connect(m_export, &widgets::IconButton::clicked, this, &AttentionTools::exportAsked);
    connect(m_options, &widgets::IconButton::clicked, this,
            [this] { emit optionsAsked(m_options->mapToGlobal(QPoint(0, m_options->height()))); });
}

void AttentionTools::setNarrow(bool narrow)
{
    m_scale->setVisible(!narrow);
    m_export->setVisible(!narrow); // in the menu File too
}

void AttentionTools::setState(const AttentionView& view, int scale, bool locked)
{
    m_picture->setCurrent(int(view.picture));
    m_mode->setCurrent(int(view.mode));
    m_mode->setEnabled(view.picture == AttentionView::Picture::Maps);
    m_scale->setCurrent(scale);
    m_lock->setChecked(locked);
    m_lock->setSymbol(locked ? widgets::Symbol::Lock : widgets::Symbol::Unlock,
                      locked ? tr("Fit the colour range to each head") : tr("Lock the colour range"));
}

void AttentionTools::themeChanged()
{
    layout()->setSpacing(theme().px(Theme::gap2));
}

} // namespace app
