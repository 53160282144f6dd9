// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panels/promptpanel.h"

#include "app/panels/heading.h"
#include "widgets/iconbutton.h"
#include "widgets/numbers.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QPlainTextEdit>
#include <QVBoxLayout>

namespace app {

using widgets::IconButton;
using widgets::Symbol;
using widgets::theme;
using widgets::Theme;

PromptPanel::PromptPanel(QWidget* parent)
    : View(parent)
    , m_heading(new Heading(tr("Prompt"), 36, this))
    , m_run(new IconButton(Symbol::Play, tr("Run the prompt (Ctrl+Return)"), this))
    , m_more(new IconButton(Symbol::More, tr("Example prompts"), this))
    , m_text(new QPlainTextEdit(this))
{
    m_heading->addTool(m_run);
    m_heading->addTool(m_more);
    m_more->setVisible(false);
    m_text->setAccessibleName(tr("Prompt"));
    setTakesIds(false);
    m_text->setTabChangesFocus(true);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->viewport()->setBackgroundRole(QPalette::Button); // the panel's colour
    m_text->installEventFilter(this);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_heading);
    m_inset = new QHBoxLayout;
    m_inset->addWidget(m_text);
    column->addLayout(m_inset);
    connect(m_run, &IconButton::clicked, this, &PromptPanel::run);
    connect(m_more, &IconButton::clicked, this, &PromptPanel::showExamples);
    PromptPanel::themeChanged();
}

void PromptPanel::setPrompt(const QString& text)
{
    if (m_text->toPlainText() != text)
        m_text->setPlainText(text);
}

void PromptPanel::setTokens(int count)
{
    m_heading->setNote(count > 0 ? widgets::whole(count) + " " + (count == 1 ? tr("token") : tr("tokens")) : QString());
}

void PromptPanel::setTakesIds(bool ids)
{
    m_text->setPlaceholderText(ids ? tr("Token ids to run through the model, with spaces or commas between")
                                   : tr("A text to run through the model"));
}

void PromptPanel::setExamples(const std::vector<Prompt>& prompts)
{
    m_examples = prompts;
    m_more->setVisible(!m_examples.empty());
}

QString PromptPanel::text() const
{
    return m_text->toPlainText();
}

void PromptPanel::run()
{
    emit runAsked(text());
}

void PromptPanel::showExamples()
{
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (const Prompt& each : m_examples) {
        const QString text = QString::fromStdString(each.text);
        connect(menu->addAction(QString::fromStdString(each.title)), &QAction::triggered, this, [this, text] {
            setPrompt(text);
            emit runAsked(text);
        });
    }
    menu->popup(m_more->mapToGlobal(QPoint(0, m_more->height())));
}

bool PromptPanel::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_text && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if ((key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) && (key->modifiers() & Qt::ControlModifier)) {
            run();
            return true;
        }
    }
    return View::eventFilter(watched, event);
}

void PromptPanel::themeChanged()
{
    m_text->document()->setDocumentMargin(theme().px(4));
    layout()->setContentsMargins(0, 0, 0, theme().px(Theme::gap2));
    const int inset = theme().px(Theme::gap3); // with the margin of 4 the text is in line with the heading
    m_inset->setContentsMargins(inset, 0, inset, 0);
    m_text->setFixedHeight(theme().px(98));
}

void PromptPanel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), theme().panel);
}

} // namespace app
