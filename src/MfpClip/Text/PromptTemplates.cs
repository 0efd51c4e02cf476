namespace MfpClip.Text;

/// <summary>How the embeddings of a state's sentences become one.</summary>
public enum PromptAveraging
{
    /// <summary>Mean of the normalised embeddings: every sentence counts the same. The default.</summary>
    Normalized,

    /// <summary>Mean of the embeddings as the text tower gives them: longer vectors count more (WinCLIP as anomalib ships it).</summary>
    Raw,
}

/// <summary>
/// The sentences of both states, as data: every template is filled with every state, and every state with the class name. Several
/// sentences of a state are an ensemble: mean of their embeddings, see <see cref="Averaging"/>, renormalised.
/// </summary>
public sealed record PromptTemplates
{
    /// <summary>Stands for a state in a template.</summary>
    public const string StatePlaceholder = "[state]";

    /// <summary>Stands for the class name in a state.</summary>
    public const string ObjectPlaceholder = "[object]";

    /// <summary>One sentence for each state, as given by the paper.</summary>
    public static PromptTemplates Paper { get; } = new();

    /// <summary>Sentences around a state.</summary>
    /// <value>Default "a photo of [state]".</value>
    public IReadOnlyList<string> Templates { get; init; } = ["a photo of [state]"];

    /// <summary>Words for a normal object.</summary>
    /// <value>Default "a normal [object]".</value>
    public IReadOnlyList<string> NormalStates { get; init; } = ["a normal [object]"];

    /// <summary>Words for an abnormal object.</summary>
    /// <value>Default "an abnormal [object]".</value>
    public IReadOnlyList<string> AbnormalStates { get; init; } = ["an abnormal [object]"];

    /// <summary>How the sentences of a state become one embedding.</summary>
    /// <value>Default <see cref="PromptAveraging.Normalized"/>.</value>
    public PromptAveraging Averaging { get; init; } = PromptAveraging.Normalized;

    /// <summary>Whether a "-" in the class name becomes a space, as in AdaCLIP's code.</summary>
    /// <value>Default false.</value>
    public bool HyphensAsSpaces { get; init; }

    /// <summary>The sentences of a class name.</summary>
    public (IReadOnlyList<string> Normal, IReadOnlyList<string> Abnormal) Expand(string className)
    {
        ArgumentNullException.ThrowIfNull(className);
        className = HyphensAsSpaces ? className.Replace('-', ' ') : className;
        return (Fill(NormalStates), Fill(AbnormalStates));

        List<string> Fill(IReadOnlyList<string> states) =>
        [
            .. from state in states
               from template in Templates
               select template.Replace(StatePlaceholder, state.Replace(ObjectPlaceholder, className, StringComparison.Ordinal), StringComparison.Ordinal),
        ];
    }

    internal IEnumerable<string> Faults()
    {
        if (!Enum.IsDefined(Averaging))
        {
            yield return $"Prompt templates: unknown averaging {(int)Averaging}; choose {string.Join(", ", Enum.GetNames<PromptAveraging>())}.";
        }

        foreach (var (name, items, placeholder) in new[]
        {
            (nameof(Templates), Templates, StatePlaceholder), (nameof(NormalStates), NormalStates, ObjectPlaceholder),
            (nameof(AbnormalStates), AbnormalStates, ObjectPlaceholder),
        })
        {
            if (items.Count == 0)
            {
                yield return $"Prompt templates: {name} is empty.";
            }

            foreach (string item in items.Where(i => !i.Contains(placeholder, StringComparison.Ordinal)))
            {
                yield return $"Prompt templates: {name} has '{item}' without {placeholder}.";
            }
        }
    }
}
