// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/proxystyle.h"

#include "widgets/icons.h"
#include "widgets/ownkeys.h"
#include "widgets/paint.h"
#include "widgets/theme.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QApplication>
#include <QComboBox>
#include <QLineEdit>
#include <QPainter>
#include <QScrollBar>
#include <QSlider>
#include <QStyleFactory>
#include <QStyleOption>
#include <QTabBar>

namespace widgets {
namespace {

bool has(const QStyleOption* option, QStyle::StateFlag flag)
{
    return option->state & flag;
}

bool focused(const QStyleOption* option)
{
    return has(option, QStyle::State_HasFocus) && has(option, QStyle::State_KeyboardFocusChange);
}

QColor groundOf(const QStyleOption* option, const QColor& rest)
{
    const Theme& look = theme();
    if (!has(option, QStyle::State_Enabled))
        return rest;
    if (has(option, QStyle::State_Sunken) || has(option, QStyle::State_On))
        return look.chosen;
    return has(option, QStyle::State_MouseOver) ? look.hover : rest;
}

QColor outlineOf(const QStyleOption* option)
{
    return has(option, QStyle::State_Enabled) ? theme().outline : theme().hairline;
}

QColor inkOf(const QStyleOption* option)
{
    return has(option, QStyle::State_Enabled) ? theme().text : theme().disabled;
}

bool isPrimary(const QStyleOption* option)
{
    const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
    return button && (button->features & QStyleOptionButton::DefaultButton) && has(option, QStyle::State_Enabled);
}

void drawButtonGround(const QStyleOption* option, QPainter* painter)
{
    const Theme& look = theme();
    const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
    if (isPrimary(option))
        drawGround(*painter, option->rect, has(option, QStyle::State_Sunken) ? look.secondary : look.text, {});
    else if (button && (button->features & QStyleOptionButton::Flat))
        drawGround(*painter, option->rect, groundOf(option, Qt::transparent), {});
    else
        drawGround(*painter, option->rect, groundOf(option, look.field), outlineOf(option));
    if (focused(option))
        drawFocus(*painter, option->rect);
}

void drawTab(const QStyleOptionTab* tab, QPainter* painter)
{
    const Theme& look = theme();
    const QRectF box = tab->rect;
    const bool chosen = tab->state & QStyle::State_Selected;
    if (chosen) {
        painter->fillRect(box, look.panel);
        painter->fillRect(QRectF(box.left(), box.top(), box.width(), look.px(2)), look.text);
        painter->fillRect(QRectF(box.left(), box.top(), 1, box.height()), look.hairline);
        painter->fillRect(QRectF(box.right() - 1, box.top(), 1, box.height()), look.hairline);
    } else {
        if (tab->state & QStyle::State_MouseOver)
            painter->fillRect(box, look.hover);
        painter->fillRect(QRectF(box.left(), box.bottom() - 1, box.width(), 1), look.hairline);
    }
    const QColor ink = !(tab->state & QStyle::State_Enabled) ? look.disabled : chosen ? look.text : look.secondary;
    drawText(*painter, box, Qt::AlignHCenter, tab->text, look.font(), ink);
    if (focused(tab))
        drawFocus(*painter, box);
}

void drawCombo(const QStyleOptionComboBox* combo, QPainter* painter)
{
    const Theme& look = theme();
    const QRectF box = combo->rect;
    drawGround(*painter, box, groundOf(combo, look.field), outlineOf(combo));
    const double side = look.px(14);
    drawSymbol(*painter, Symbol::Down, QRectF(box.right() - side - look.px(7), box.center().y() - side / 2, side, side),
               combo->state & QStyle::State_Enabled ? look.secondary : look.disabled);
    if (focused(combo))
        drawFocus(*painter, box);
}

void drawSpinBox(const QStyleOptionSpinBox* spin, QPainter* painter, const QStyle* style, const QWidget* widget)
{
    const Theme& look = theme();
    drawGround(*painter, spin->rect, look.field, outlineOf(spin));
    const auto arrow = [&](QStyle::SubControl part, Symbol symbol, QAbstractSpinBox::StepEnabledFlag enabled) {
        const QRectF box = style->subControlRect(QStyle::CC_SpinBox, spin, part, widget);
        const bool can = (spin->stepEnabled & enabled) && (spin->state & QStyle::State_Enabled);
        if (can && spin->activeSubControls == part)
            painter->fillRect(box.adjusted(0, 1, -1, -1), look.hover);
        const double side = look.px(11);
        drawSymbol(*painter, symbol, QRectF(box.center().x() - side / 2, box.center().y() - side / 2, side, side),
                   can ? look.secondary : look.disabled);
    };
    arrow(QStyle::SC_SpinBoxUp, Symbol::Up, QAbstractSpinBox::StepUpEnabled);
    arrow(QStyle::SC_SpinBoxDown, Symbol::Down, QAbstractSpinBox::StepDownEnabled);
    if (spin->state & QStyle::State_HasFocus)
        drawFocus(*painter, spin->rect);
}

void drawSlider(const QStyleOptionSlider* slider, QPainter* painter, const QStyle* style, const QWidget* widget)
{
    const Theme& look = theme();
    const bool across = slider->orientation == Qt::Horizontal;
    const QRectF groove = slider->rect;
    const QRectF handle = style->subControlRect(QStyle::CC_Slider, slider, QStyle::SC_SliderHandle, widget);
    const double thick = look.px(3);
    const QRectF line = across ? QRectF(groove.left(), handle.center().y() - thick / 2, groove.width(), thick)
                               : QRectF(handle.center().x() - thick / 2, groove.top(), thick, groove.height());
    drawGround(*painter, line, look.chosen, {}, 2);
    QRectF done = line;
    if (across)
        done.setRight(handle.center().x());
    else
        done.setTop(handle.center().y());
    const QColor ink = inkOf(slider);
    drawGround(*painter, done, ink, {}, 2);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(QPen(look.panel, 2));
    painter->setBrush(ink);
    const double radius = look.px(6);
    painter->drawEllipse(handle.center(), radius, radius);
    painter->restore();
    if (focused(slider))
        drawFocus(*painter, slider->rect);
}

void drawScrollBar(const QStyleOptionSlider* bar, QPainter* painter, const QStyle* style, const QWidget* widget)
{
    const QRectF handle = style->subControlRect(QStyle::CC_ScrollBar, bar, QStyle::SC_ScrollBarSlider, widget);
    QColor ink = theme().secondary;
    ink.setAlphaF(bar->state & (QStyle::State_MouseOver | QStyle::State_Sunken) ? 0.6F : 0.35F);
    const double inset = theme().px(3);
    drawGround(*painter, handle.adjusted(inset, inset, -inset, -inset), ink, {}, 3);
}

void drawToolButton(const QStyleOptionToolButton* button, QPainter* painter)
{
    const Theme& look = theme();
    const QRectF box = button->rect;
    const QColor ground = groundOf(button, Qt::transparent);
    drawGround(*painter, box, ground, {});
    double left = box.left() + look.px(6);
    const double side = button->iconSize.width();
    const bool withText = button->toolButtonStyle != Qt::ToolButtonIconOnly && !button->text.isEmpty();
    if (!button->icon.isNull()) {
        const double x = withText ? left : box.center().x() - side / 2;
        button->icon.paint(painter, QRectF(x, box.center().y() - side / 2, side, side).toRect(), Qt::AlignCenter,
                           button->state & QStyle::State_Enabled ? QIcon::Normal : QIcon::Disabled);
        left = x + side + look.px(6);
    }
    if (button->arrowType == Qt::LeftArrow || button->arrowType == Qt::RightArrow) { // of a row of tabs too long
        painter->fillRect(box, look.window);                                         // it stands over the tabs
        drawGround(*painter, box, ground, {});
        const QRectF place(box.center().x() - side / 2, box.center().y() - side / 2, side, side);
        drawSymbol(*painter, button->arrowType == Qt::LeftArrow ? Symbol::Left : Symbol::Right, place, inkOf(button));
    }
    if (withText)
        drawText(*painter, QRectF(left, box.top(), box.right() - left, box.height()), Qt::AlignLeft, button->text,
                 look.font(), inkOf(button));
    if (focused(button))
        drawFocus(*painter, box);
}

} // namespace

ProxyStyle::ProxyStyle()
    : QProxyStyle(QStyleFactory::create("Fusion"))
{
}

void ProxyStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                               const QWidget* widget) const
{
    const Theme& look = theme();
    switch (element) {
    case PE_PanelButtonCommand:
        drawButtonGround(option, painter);
        return;
    case PE_FrameFocusRect:
        return; // each control draws its own ring
    case PE_PanelLineEdit:
        if (widget && qobject_cast<QAbstractSpinBox*>(widget->parentWidget()))
            return;
        drawGround(*painter, option->rect, look.field, outlineOf(option));
        if (has(option, State_HasFocus))
            drawFocus(*painter, option->rect);
        return;
    case PE_FrameLineEdit:
        return;
    case PE_IndicatorCheckBox:
        drawGround(*painter, option->rect, has(option, State_On) ? inkOf(option) : groundOf(option, look.field),
                   has(option, State_On) ? inkOf(option) : outlineOf(option), 3);
        if (has(option, State_On))
            drawSymbol(*painter, Symbol::Check, QRectF(option->rect).adjusted(1, 1, -1, -1), look.panel);
        if (focused(option))
            drawFocus(*painter, option->rect, 3);
        return;
    case PE_IndicatorTabTearLeft:
    case PE_IndicatorTabTearRight:
        return; // the arrows say that there are more
    case PE_FrameTabBarBase:
        painter->fillRect(QRect(option->rect.left(), option->rect.bottom(), option->rect.width(), 1), look.hairline);
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void ProxyStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                             const QWidget* widget) const
{
    const Theme& look = theme();
    switch (element) {
    case CE_TabBarTabShape:
        return; // with its label
    case CE_TabBarTab:
        if (const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option))
            drawTab(tab, painter);
        return;
    case CE_Splitter:
        painter->fillRect(option->rect, look.hairline);
        return;
    case CE_PushButtonLabel:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            const QColor ink = isPrimary(option) ? look.panel : inkOf(option);
            drawText(*painter, button->rect, Qt::AlignHCenter, QString(button->text).remove('&'), look.font(), ink);
        }
        return;
    case CE_ComboBoxLabel:
        if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option))
            drawText(*painter, combo->rect.adjusted(look.px(9), 0, -look.px(24), 0), Qt::AlignLeft, combo->currentText,
                     look.font(), inkOf(option));
        return;
    default:
        QProxyStyle::drawControl(element, option, painter, widget);
    }
}

void ProxyStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                                    const QWidget* widget) const
{
    if (control == CC_ComboBox) {
        if (const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option))
            return drawCombo(combo, painter);
    } else if (control == CC_SpinBox) {
        if (const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option))
            return drawSpinBox(spin, painter, proxy(), widget);
    } else if (control == CC_Slider) {
        if (const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option))
            return drawSlider(slider, painter, proxy(), widget);
    } else if (control == CC_ScrollBar) {
        if (const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option))
            return drawScrollBar(bar, painter, proxy(), widget);
    } else if (control == CC_ToolButton) {
        if (const auto* button = qstyleoption_cast<const QStyleOptionToolButton*>(option))
            return drawToolButton(button, painter);
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

int ProxyStyle::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const
{
    const Theme& look = theme();
    switch (metric) {
    case PM_SplitterWidth:
    case PM_DockWidgetSeparatorExtent:
    case PM_DefaultFrameWidth:
        return 1;
    case PM_DockWidgetFrameWidth:
    case PM_ToolBarFrameWidth:
    case PM_TabBarTabOverlap:
    case PM_TabBarBaseOverlap:
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
        return 0;
    case PM_ToolBarItemSpacing:
        return look.px(Theme::gap1);
    case PM_ToolBarItemMargin:
        return look.px(6);
    case PM_ToolBarIconSize:
    case PM_ButtonIconSize:
    case PM_SmallIconSize:
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
        return look.px(16);
    case PM_CheckBoxLabelSpacing:
        return look.px(Theme::gap2);
    case PM_ScrollBarExtent:
        return look.px(12);
    case PM_ScrollBarSliderMin:
        return look.px(28);
    case PM_SliderThickness:
    case PM_SliderControlThickness:
    case PM_SliderLength:
        return look.px(16);
    case PM_TabBarTabHSpace:
        return look.px(28);
    case PM_LayoutLeftMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutBottomMargin:
        return look.px(Theme::gap4);
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing:
        return look.px(Theme::gap2);
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

QSize ProxyStyle::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                                   const QWidget* widget) const
{
    const Theme& look = theme();
    QSize made = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
    case CT_PushButton:
        return {std::max(size.width() + look.px(24), look.px(56)), look.px(28)};
    case CT_ComboBox:
        return {size.width() + look.px(36), look.px(26)};
    case CT_SpinBox:
    case CT_LineEdit:
        made.setHeight(look.px(26));
        return made;
    case CT_TabBarTab:
        made.setHeight(look.px(36));
        return made;
    case CT_ToolButton:
        return {std::max(size.width() + look.px(12), look.px(28)), look.px(28)};
    case CT_MenuBarItem:
        made.setHeight(look.px(28));
        return made;
    case CT_MenuItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option))
            if (item->menuItemType != QStyleOptionMenuItem::Separator)
                made.setHeight(look.px(26));
        return made;
    default:
        return made;
    }
}

QRect ProxyStyle::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                                 const QWidget* widget) const
{
    const Theme& look = theme();
    const QRect box = option->rect;
    if (control == CC_SpinBox) {
        const int width = look.px(20);
        const int half = box.height() / 2;
        switch (part) {
        case SC_SpinBoxUp:
            return {box.right() - width, box.top(), width, half};
        case SC_SpinBoxDown:
            return {box.right() - width, box.top() + half, width, box.height() - half};
        case SC_SpinBoxEditField:
            return box.adjusted(look.px(6), 1, -width - 1, -1);
        default:
            return box;
        }
    }
    if (control == CC_ScrollBar) { // no arrows: the groove is the whole bar
        if (part == SC_ScrollBarAddLine || part == SC_ScrollBarSubLine)
            return {};
        if (part == SC_ScrollBarGroove)
            return box;
        const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
        if (part == SC_ScrollBarSlider && bar) {
            const bool across = bar->orientation == Qt::Horizontal;
            const int length = across ? box.width() : box.height();
            const qint64 range = qint64(bar->maximum) - bar->minimum;
            int handle = length;
            if (range > 0)
                handle = std::clamp(int(qint64(bar->pageStep) * length / (range + bar->pageStep)),
                                    std::min(length, look.px(28)), length);
            const int start = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, length - handle,
                                                      bar->upsideDown);
            return across ? QRect(box.left() + start, box.top(), handle, box.height())
                          : QRect(box.left(), box.top() + start, box.width(), handle);
        }
    }
    return QProxyStyle::subControlRect(control, option, part, widget);
}

int ProxyStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                          QStyleHintReturn* data) const
{
    switch (hint) {
    case SH_Widget_Animation_Duration: // whether the system asks for less motion or not: there is none
    case SH_EtchDisabledText:
    case SH_UnderlineShortcut:
    case SH_DialogButtonBox_ButtonsHaveIcons:
        return 0;
    case SH_ScrollBar_LeftClickAbsolutePosition:
    case SH_Slider_AbsoluteSetButtons:
        return hint == SH_Slider_AbsoluteSetButtons ? int(Qt::LeftButton) : 1;
    default:
        return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

// Menus, lists and tool tips come and go at once, whatever the desktop's own effects are.
void ProxyStyle::polish(QApplication* application)
{
    QProxyStyle::polish(application);
    for (const Qt::UIEffect effect : {Qt::UI_General, Qt::UI_AnimateMenu, Qt::UI_FadeMenu, Qt::UI_AnimateCombo,
                                      Qt::UI_AnimateTooltip, Qt::UI_FadeTooltip, Qt::UI_AnimateToolBox})
        QApplication::setEffectEnabled(effect, false);
}

void ProxyStyle::polish(QWidget* widget)
{
    if (qobject_cast<QAbstractButton*>(widget) || qobject_cast<QTabBar*>(widget) || qobject_cast<QComboBox*>(widget) ||
        qobject_cast<QScrollBar*>(widget) || qobject_cast<QSlider*>(widget) || qobject_cast<QAbstractSpinBox*>(widget))
        widget->setAttribute(Qt::WA_Hover);
    if (auto* tabs = qobject_cast<QTabBar*>(widget))
        tabs->setExpanding(false);
    auto* line = qobject_cast<QLineEdit*>(widget);
    if (line && !qobject_cast<QAbstractSpinBox*>(widget->parentWidget()))
        line->setTextMargins(theme().px(6), 0, theme().px(6), 0);
    // What a control does with its keys comes before the window's shortcuts; once, though a style polishes often.
    if (!widget->property("ownsKeys").toBool()) {
        widget->setProperty("ownsKeys", true);
        if (qobject_cast<QAbstractButton*>(widget))
            ownKeys(*widget, {Qt::Key_Space});
        else if (qobject_cast<QComboBox*>(widget) || qobject_cast<QAbstractItemView*>(widget))
            ownKeys(*widget,
                    {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down, Qt::Key_Home, Qt::Key_End, Qt::Key_Space});
        else if (qobject_cast<QAbstractSlider*>(widget) || qobject_cast<QTabBar*>(widget))
            ownKeys(*widget, {Qt::Key_Left, Qt::Key_Right, Qt::Key_Up, Qt::Key_Down, Qt::Key_Home, Qt::Key_End});
    }
    QProxyStyle::polish(widget);
}

} // namespace widgets
