#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace::cli {

/// Control characters become `?`: no name or message moves the cursor.
std::string printable(std::string_view text);
/// Rows of text under headings, columns padded to the widest cell by characters; control characters are
/// shown as `?`. `color` paints the words of states.
std::string render_table(const std::vector<std::string>& headings,
                         const std::vector<std::vector<std::string>>& rows, bool color);
/// `name   value` lines; empty values are left out.
std::string render_facts(const std::vector<std::pair<std::string, std::string>>& facts);
/// `[#####.....]  50 %  16/31`, `width` characters of bar.
std::string render_bar(long long done, long long total, int width);
/// `12.3 s`, `4 min 5 s`, `2 h 3 min`; empty for nothing.
std::string render_seconds(std::string_view seconds_text);

}  // namespace millrace::cli
