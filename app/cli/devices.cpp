// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/commands.h"
#include "app/cli/table.h"
#include "engine/compute/device.h"
#include "engine/export/json.h"

using namespace engine;

namespace app::cli {
namespace {

const char* kindOf(const DeviceInfo& info)
{
    return info.gpu ? "GPU" : info.cpu ? "CPU" : "other";
}

} // namespace

int devices(Context& context)
{
    const std::vector<DeviceInfo> all = Device::list();
    if (context.json) {
        JsonWriter json(context.out);
        json.object().key("devices").array();
        for (const DeviceInfo& info : all) {
            json.object().field("name", info.name).field("kind", kindOf(info)).field("vendor", info.vendor);
            json.field("platform", info.platform).field("driver", info.driver).field("version", info.version);
            json.field("compute_units", info.computeUnits).field("global_bytes", info.globalBytes);
            json.field("max_allocation_bytes", info.maxAllocationBytes).field("local_bytes", info.localBytes);
            json.field("max_work_group", info.maxWorkGroup).end();
        }
        json.end().end();
        return exitOk;
    }
    if (all.empty())
        context.log << "No OpenCL device. The built-in double-precision reference runs instead (slower).\n";
    for (const DeviceInfo& info : all) {
        context.out << info.name << '\n';
        Table table({"  kind", kindOf(info)}, Table::Align::Left);
        table.add({"  platform", info.platform});
        table.add({"  driver", info.driver + ", " + info.version});
        table.add({"  compute units", std::to_string(info.computeUnits)});
        table.add({"  memory", bytesText(double(info.globalBytes))});
        table.add({"  largest buffer", bytesText(double(info.maxAllocationBytes))});
        table.print(context.out);
    }
    return exitOk;
}

} // namespace app::cli
