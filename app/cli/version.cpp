// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "engine/export/json.h"

namespace app::cli {

int version(Context& context)
{
    if (!context.json) {
        context.out << "subquad " SUBQUAD_VERSION "\n";
        return exitOk;
    }
    engine::JsonWriter json(context.out);
    json.object().field("name", "subquad").field("version", SUBQUAD_VERSION).field("licence", "GPL-3.0-or-later").end();
    return exitOk;
}

} // namespace app::cli
