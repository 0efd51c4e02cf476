using System.Diagnostics;
using Xunit.Abstractions;

namespace MfpClip.Docs.Tests;

/// <summary>The commands of the pages, run in their order in one folder a page, made small by <see cref="RunRules"/>.</summary>
public sealed class RunTests(SmallData data, ITestOutputHelper output) : IClassFixture<SmallData>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-page-").FullName;

    // The commands of the translation are those of the original (TranslationTests).
    public static TheoryData<string> Pages => [.. Repository.Documents.Where(d => d != TranslationTests.Translation && Of(d).Any())];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_commands_of_a_page_run(string document)
    {
        string? work = null;
        foreach (var command in Of(document))
        {
            var (arguments, notRun) = RunRules.For(command);
            if (arguments is null)
            {
                output.WriteLine($"parsed only ({notRun}): {command}");
                continue;
            }

            work ??= data.In(_folder);
            var watch = Stopwatch.StartNew();
            var (code, text) = SmallData.Run(work, arguments);
            output.WriteLine($"{watch.Elapsed.TotalSeconds:f1} s: {command}");
            Assert.True(code == 0, $"{command}\nran as: mfpclip {string.Join(' ', arguments)}\n{text}");
        }
    }

    private static IEnumerable<DocumentedCommand> Of(string document) => DocumentedCommand.In(document).Where(c => !c.InText && c.CliArguments is not null);
}
