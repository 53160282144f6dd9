// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/timingside.h"

#include "app/panels/heading.h"

#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QPushButton>
#include <QScrollBar>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

namespace {

constexpr std::size_t sections = 4;

// A hairline between sections.
class Line : public widgets::View
{
public:
    using View::View;

    QSize sizeHint() const override { return {10, theme().px(9)}; }

    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().panel);
        painter.fillRect(QRect(0, height() / 2, width(), 1), theme().hairline);
    }
};

} // namespace

TimingSide::TimingSide(QWidget* parent)
    : QScrollArea(parent)
{
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    viewport()->setBackgroundRole(QPalette::Button); // the panel's colour
    auto* inside = new QWidget(this);
    m_column = new QVBoxLayout(inside);
    m_column->setSpacing(0);
    for (std::size_t i = 0; i < sections; ++i) {
        m_facts.push_back(new widgets::FactsView(inside));
        m_facts.back()->hide();
        m_column->addWidget(m_facts.back());
        m_lines.push_back(new Line(inside));
        m_lines.back()->hide();
        m_column->addWidget(m_lines.back());
    }
    m_column->addWidget(makeForm());
    m_column->addWidget(new Line(inside));
    m_command = new widgets::FactsView(inside);
    m_column->addWidget(m_command);
    m_buttons = new QVBoxLayout;
    m_copy = new QPushButton(tr("Copy as command line"), inside);
    m_report = new QPushButton(tr("Save report…"), inside);
    connect(m_copy, &QPushButton::clicked, this, &TimingSide::copyAsked);
    connect(m_report, &QPushButton::clicked, this, &TimingSide::reportAsked);
    m_buttons->addWidget(m_copy, 0, Qt::AlignLeft);
    m_buttons->addWidget(m_report, 0, Qt::AlignLeft);
    m_column->addLayout(m_buttons);
    m_column->addStretch();
    setWidget(inside);
    connect(&widgets::ThemeSource::instance(), &widgets::ThemeSource::changed, this, &TimingSide::applyTheme);
    applyTheme();
}

QWidget* TimingSide::makeForm()
{
    auto* form = new QWidget(this);
    auto* grid = new QGridLayout(form);
    grid->setContentsMargins(theme().px(Theme::gap4), 0, theme().px(Theme::gap4), 0);
    m_lengths = new QLineEdit(form);
    m_repeats = new QLineEdit(form);
    m_mask = new QComboBox(form);
    m_mask->addItems({tr("none"), tr("causal")});
    m_methods = new QComboBox(form);
    m_methods->addItems({tr("those compared"), tr("all")});
    auto* title = new QLabel(tr("Sweep"), form);
    QFont bold = title->font();
    bold.setWeight(QFont::DemiBold);
    title->setFont(bold);
    grid->addWidget(title, 0, 0, 1, 2);
    int row = 1;
    const auto add = [&](const QString& name, QWidget* field) {
        auto* label = new QLabel(name, form);
        label->setBuddy(field);
        field->setAccessibleName(name);
        field->setMinimumSize(theme().px(80), theme().px(26)); // it takes what there is
        grid->addWidget(label, row, 0);
        grid->addWidget(field, row++, 1);
    };
    add(tr("lengths"), m_lengths);
    add(tr("repetitions"), m_repeats);
    add(tr("mask"), m_mask);
    add(tr("methods"), m_methods);
    m_lengths->setToolTip(tr("n, n,n,…, first:last:x2 or first:last:+64"));
    m_run = new QPushButton(tr("Run the sweep"), form);
    m_run->setMinimumHeight(theme().px(28));
    m_price = new QLabel(form);
    m_price->setWordWrap(true);
    grid->addWidget(m_run, row, 0);
    grid->addWidget(m_price, row, 1);
    m_left = new QLabel(form);
    m_left->setWordWrap(true);
    m_left->hide();
    grid->addWidget(m_left, row + 1, 0, 1, 2);
    grid->setColumnStretch(1, 1);
    connect(m_run, &QPushButton::clicked, this, [this] {
        if (m_running)
            emit cancelAsked();
        else
            emit runAsked();
    });
    connect(m_lengths, &QLineEdit::textEdited, this, &TimingSide::formChanged);
    connect(m_repeats, &QLineEdit::textEdited, this, &TimingSide::formChanged);
    connect(m_mask, &QComboBox::activated, this, &TimingSide::formChanged);
    connect(m_methods, &QComboBox::activated, this, &TimingSide::formChanged);
    return form;
}

void TimingSide::setFacts(const std::vector<widgets::Facts>& facts)
{
    for (std::size_t i = 0; i < m_facts.size(); ++i) {
        const bool shown = i < facts.size() && !facts[i].title.isEmpty();
        if (shown)
            m_facts[i]->setFacts(facts[i]);
        m_facts[i]->setVisible(shown);
        m_lines[i]->setVisible(shown);
    }
}

void TimingSide::setForm(const SweepForm& form)
{
    if (form == this->form())
        return; // whoever edits keeps the place in the text
    m_lengths->setText(form.lengths);
    m_repeats->setText(form.repeats);
    m_mask->setCurrentIndex(form.causal ? 1 : 0);
    m_methods->setCurrentIndex(form.everyMethod ? 1 : 0);
}

SweepForm TimingSide::form() const
{
    return {m_lengths->text(), m_repeats->text(), m_mask->currentIndex() == 1, m_methods->currentIndex() == 1};
}

void TimingSide::setPrice(const QString& price, bool refused)
{
    m_price->setText(price);
    m_run->setEnabled(m_running || !refused);
}

void TimingSide::setLeftOut(const QString& why)
{
    m_left->setText(why.isEmpty() ? QString() : tr("Not timed: %1").arg(why));
    m_left->setVisible(!why.isEmpty());
}

void TimingSide::setRunning(const QString& progress)
{
    m_running = !progress.isEmpty();
    m_run->setText(m_running ? tr("Stop") : tr("Run the sweep"));
    m_run->setEnabled(true);
    if (m_running)
        m_price->setText(progress);
}

void TimingSide::setCommand(const QString& command)
{
    m_command->setFacts({tr("As a command line"), {}, {}, {}, {}, command, 0});
}

void TimingSide::setCompact(bool compact)
{
    m_compact = compact;
    applyTheme();
}

void TimingSide::setStacked(bool stacked)
{
    m_stacked = stacked;
    applyTheme();
}

bool TimingSide::eventFilter(QObject* watched, QEvent* event)
{
    const bool done = QScrollArea::eventFilter(watched, event);
    if (m_stacked && watched == widget() && event->type() == QEvent::LayoutRequest)
        setFixedHeight(widget()->sizeHint().height());
    return done;
}

void TimingSide::applyTheme()
{
    if (m_stacked) {
        setMinimumWidth(0);
        setMaximumWidth(QWIDGETSIZE_MAX);
        setFixedHeight(widget()->sizeHint().height());
    } else {
        setFixedWidth(theme().px(m_compact ? 252 : 320));
        setMinimumHeight(0);
        setMaximumHeight(QWIDGETSIZE_MAX);
    }
    m_column->setContentsMargins(1, theme().px(Theme::gap1), 0, theme().px(Theme::gap4));
    m_buttons->setContentsMargins(theme().px(Theme::gap4), theme().px(Theme::gap1), theme().px(Theme::gap4), 0);
    m_buttons->setSpacing(theme().px(Theme::gap2));
}

void TimingSide::paintEvent(QPaintEvent* event)
{
    QScrollArea::paintEvent(event);
    QPainter painter(viewport());
    painter.fillRect(QRect(0, 0, 1, viewport()->height()), theme().hairline);
}

} // namespace app
