// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/methodspanel.h"

#include "app/panels/heading.h"
#include "app/panels/markericon.h"
#include "widgets/iconbutton.h"
#include "widgets/knobform.h"

#include <QComboBox>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

MethodsPanel::MethodsPanel(QWidget* parent)
    : View(parent)
    , m_heading(new Heading(tr("Methods by layer"), 36, this))
    , m_list(new LayerList(this))
    , m_method(new QComboBox(this))
    , m_form(new widgets::KnobForm(this))
    , m_head(new QLabel(this))
    , m_headForm(new widgets::KnobForm(this))
    , m_idea(new QLabel(this))
    , m_why(new QLabel(this))
    , m_about(new QPushButton(tr("About this method…"), this))
{
    m_method->setAccessibleName(tr("Method"));
    m_method->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_method->setMinimumContentsLength(6);
    for (QLabel* label : {m_idea, m_why}) {
        label->setWordWrap(true);
        label->setForegroundRole(QPalette::PlaceholderText);
    }
    auto* inner = new QVBoxLayout;
    m_inner = inner;
    inner->addWidget(m_method);
    inner->addWidget(m_form);
    inner->addWidget(m_head);
    inner->addWidget(m_headForm);
    inner->addWidget(m_why);
    inner->addWidget(m_idea);
    inner->addWidget(m_about, 0, Qt::AlignLeft);
    inner->addStretch();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_heading);
    column->addWidget(m_list);
    column->addLayout(inner);
    connect(m_list, &LayerList::chosen, this, &MethodsPanel::rowChosen);
    connect(m_method, &QComboBox::activated, this, &MethodsPanel::methodChosen);
    connect(m_form, &widgets::KnobForm::changed, this, &MethodsPanel::knobsChanged);
    m_headForm->setObjectName(QStringLiteral("headKnobs"));
    connect(m_headForm, &widgets::KnobForm::changed, this, &MethodsPanel::headKnobsChanged);
    connect(m_about, &QPushButton::clicked, this, &MethodsPanel::aboutAsked);
    MethodsPanel::themeChanged();
}

void MethodsPanel::setMethods(const std::vector<widgets::Identity>& methods)
{
    m_methods = methods;
    m_method->clear();
    for (const widgets::Identity& method : m_methods)
        m_method->addItem(markerIcon(method), method.title);
}

void MethodsPanel::setRows(const std::vector<LayerRow>& rows)
{
    m_list->setRows(rows);
}

void MethodsPanel::setForm(const MethodForm& form)
{
    m_method->setCurrentIndex(form.method);
    m_form->setKnobs(form.knobs, form.values);
    m_head->setText(form.head);
    m_headForm->setKnobs(form.headKnobs, form.headValues);
    for (QWidget* part : {static_cast<QWidget*>(m_head), static_cast<QWidget*>(m_headForm)})
        part->setVisible(!form.headKnobs.empty());
    m_idea->setText(form.idea);
    m_why->setText(form.why);
    m_why->setVisible(!form.why.isEmpty());
}

void MethodsPanel::themeChanged()
{
    const int side = theme().px(Theme::gap4);
    m_inner->setContentsMargins(side, theme().px(Theme::gap2), side, theme().px(Theme::gap2));
    m_inner->setSpacing(theme().px(Theme::gap2));
    for (QLabel* label : {m_head, m_idea, m_why})
        label->setFont(theme().font(Theme::labelSize));
    for (int place = 0; place < m_method->count(); ++place)
        m_method->setItemIcon(place, markerIcon(m_methods[std::size_t(place)]));
}

void MethodsPanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace app
