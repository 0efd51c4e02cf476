using MfpClip.Data.Procedural.Defects;
using MfpClip.Data.Procedural.Noise;

namespace MfpClip.Data.Procedural;

/// <summary>Pictures in words: object, state and defects, in several wordings.</summary>
internal static class Captions
{
    private static readonly string[] NormalStates = ["flawless", "perfect", "undamaged", "intact", "normal", "clean", "good", "unblemished"];
    private static readonly string[] BadStates = ["damaged", "defective", "faulty", "flawed", "abnormal", "imperfect", "broken"];
    private static readonly string[] Photos = ["a photo of", "a close-up photo of", "an inspection photo of", "a picture of", "a bright photo of",
        "a cropped photo of", "a photo of the surface of"];

    /// <summary>State word and caption.</summary>
    public static (string State, string Caption) Write(SeededRandom random, ProceduralCategory category, IReadOnlyList<DefectKind> defects)
    {
        string name = category.Name, photo = random.Pick<string>(category.IsTexture ? Photos : Photos[..6]);
        if (defects.Count == 0)
        {
            string state = random.Pick<string>(NormalStates);
            return (state, random.Below(4) switch
            {
                0 => $"{photo} {A(name)} without any defect, {state}",
                1 => $"{A(state)} {name}, no damage",
                _ => $"{photo} {A(state)} {name}",
            });
        }

        string bad = random.Pick<string>(BadStates);
        var kinds = defects.Distinct().Select(DefectCatalogue.Of).ToList();
        string nouns = Join(kinds.Select(k => A(k.Noun)));
        return (bad, random.Below(5) switch
        {
            0 => $"{photo} {A(bad)} {name} with {nouns}",
            1 => $"{photo} {A(name)} with {nouns}, {bad}",
            2 => $"{A(bad)} {name}: {Join(kinds.Select(k => k.Noun))}",
            3 => $"{photo} {A(bad)} {name}, {Join(kinds.Select(k => k.Adjective))}, showing {nouns}",
            _ => $"{nouns} on {A(name)}, which is {bad}",
        });
    }

    private static string A(string noun) =>
        noun is "corrosion" or "contamination" ? noun : ("aeiou".Contains(noun[0], StringComparison.Ordinal) ? "an " : "a ") + noun;

    private static string Join(IEnumerable<string> words)
    {
        var list = words.ToList();
        return list.Count == 1 ? list[0] : $"{string.Join(", ", list[..^1])} and {list[^1]}";
    }
}
