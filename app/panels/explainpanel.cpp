// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/explainpanel.h"

#include "app/panels/heading.h"
#include "widgets/columnscroll.h"
#include "widgets/derivationview.h"
#include "widgets/emptypanel.h"
#include "widgets/iconbutton.h"
#include "widgets/icons.h"
#include "widgets/studypanels.h"

#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

namespace app {

using widgets::theme;
using widgets::Theme;

// Which weight: a pin where the reader picked it, the two tokens, and where they stand.
class ExplainPanel::Place : public widgets::View
{
public:
    explicit Place(QWidget* parent)
        : View(parent)
    {
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    }

    void set(const QString& what, const QString& where, bool pinned)
    {
        m_what = what;
        m_where = where;
        m_pinned = pinned;
        setAccessibleName(what);
        setAccessibleDescription(where);
        setToolTip(what);
        update();
    }

    QSize sizeHint() const override { return {theme().px(200), theme().px(44)}; }

    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.fillRect(rect(), theme().panel);
        double left = theme().px(Theme::gap4);
        if (m_pinned) {
            const double icon = theme().px(14);
            widgets::drawSymbol(painter, widgets::Symbol::Pin,
                                {left - theme().px(2), double(theme().px(4)), icon, icon}, theme().text);
            left += theme().px(Theme::gap4);
        }
        const double wide = width() - left - theme().px(Theme::gap4);
        widgets::drawText(painter, {left, 0, wide, double(theme().px(22))}, Qt::AlignLeft, m_what, theme().font(),
                          theme().text);
        widgets::drawText(painter, {left, double(theme().px(20)), wide, double(theme().px(16))}, Qt::AlignLeft, m_where,
                          theme().font(Theme::labelSize), theme().secondary);
    }

private:
    QString m_what, m_where;
    bool m_pinned = false;
};

ExplainPanel::ExplainPanel(QWidget* parent)
    : View(parent)
    , m_scroll(new widgets::ColumnScroll(this))
    , m_empty(new widgets::EmptyPanel(this))
{
    auto* all = new QVBoxLayout(this);
    all->setSpacing(0);
    auto* heading = new Heading(tr("Explain"), 36, this);
    auto* fold = new widgets::IconButton(widgets::Symbol::Right, tr("Fold the right dock"), heading);
    heading->addTool(fold);
    connect(fold, &widgets::IconButton::clicked, this, &ExplainPanel::foldAsked);
    all->addWidget(heading);
    all->addWidget(m_scroll, 1);
    all->addWidget(m_empty, 1);
    m_empty->setWords(tr("No model is open."), tr("With one a weight is derived here."));
    m_empty->hide();
    auto* content = new QWidget;
    m_scroll->setColumn(content);
    m_column = new QVBoxLayout(content);
    m_column->setSpacing(0);
    m_column->setContentsMargins(0, 0, 0, 0);
    m_place = new Place(content);
    m_derivation = new widgets::DerivationView(content);
    m_cell = new widgets::StudyPanels(widgets::StudyPanels::Place::Side, content);
    m_tab = new widgets::StudyPanels(widgets::StudyPanels::Place::Side, content);
    for (QWidget* each : std::initializer_list<QWidget*>{m_place, m_derivation, m_cell, m_tab})
        m_column->addWidget(each);
    m_note = addText(tr("Note"));
    m_method = addText(tr("Method"));
    m_cost = addText(tr("Cost"));
    m_deviations = addText(tr("Where released code differs"));
    m_paper = addText(tr("Source"));
    m_column->addStretch();
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Expanding); // as wide as the dock it stands in
    ExplainPanel::themeChanged();
}

void ExplainPanel::setModelShown(bool shown)
{
    m_scroll->setVisible(shown);
    m_empty->setVisible(!shown);
}

QLabel* ExplainPanel::addText(const QString& title)
{
    QWidget* content = m_scroll->widget();
    auto* name = new QLabel(title, content);
    auto* text = new QLabel(content);
    text->setWordWrap(true);
    text->setTextFormat(Qt::MarkdownText);
    text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    text->setForegroundRole(QPalette::PlaceholderText); // the theme's secondary
    text->setAccessibleName(title);
    m_titles.push_back(name);
    m_column->addWidget(name);
    m_column->addWidget(text);
    name->setBuddy(text);
    name->hide(); // until there is something to say
    text->hide();
    return text;
}

void ExplainPanel::setPlace(const QString& what, const QString& where, bool pinned)
{
    m_place->set(what, where, pinned);
}

void ExplainPanel::setPlaceShown(bool shown)
{
    m_place->setVisible(shown);
    m_derivation->setVisible(shown);
    m_cell->setVisible(shown);
}

void ExplainPanel::setWords(const MethodWords& words)
{
    if (words == m_words)
        return;
    m_words = words;
    const std::pair<QLabel*, QString> texts[] = {
        {m_note, words.note},
        {m_method, words.title.isEmpty() ? QString() : QStringLiteral("**%1.** %2").arg(words.title, words.idea)},
        {m_cost, words.cost},
        {m_deviations, words.deviations},
        {m_paper, words.paper}};
    std::size_t place = 0;
    for (const auto& [label, text] : texts) {
        label->setText(text);
        label->setVisible(!text.isEmpty());
        m_titles[place++]->setVisible(!text.isEmpty());
    }
}

QString ExplainPanel::text() const
{
    QStringList texts;
    for (const QLabel* label : {m_note, m_method, m_cost, m_deviations, m_paper})
        texts << label->text();
    return texts.join(u'\n');
}

void ExplainPanel::themeChanged()
{
    const int left = theme().px(Theme::gap4);
    layout()->setContentsMargins(1, 0, 0, 0); // the hairline at its left edge
    for (QLabel* title : m_titles) {
        title->setFont(theme().font(Theme::bodySize, true));
        title->setContentsMargins(left, theme().px(Theme::gap3), left, theme().px(Theme::gap1));
    }
    for (QLabel* text : {m_note, m_method, m_cost, m_deviations, m_paper}) {
        text->setContentsMargins(left, 0, left, 0);
        text->setFont(theme().font());
    }
}

void ExplainPanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
    painter.fillRect(QRect(0, 0, 1, height()), theme().hairline);
}

} // namespace app
