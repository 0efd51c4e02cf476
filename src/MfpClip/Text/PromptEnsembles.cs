namespace MfpClip.Text;

/// <summary>Published ensembles of sentences, as data.</summary>
public static class PromptEnsembles
{
    /// <summary>The states alone, for prompts that learn the words around them (CoOp and its kin).</summary>
    public static PromptTemplates StatesOnly { get; } = new() { Templates = ["[state]."] };

    /// <summary>
    /// WinCLIP's compositional prompt ensemble (arXiv 2303.14814, section 3.2 and appendix) as anomalib ships it: 7 normal and 4 abnormal
    /// states in 21 templates. One template stands in it twice and counts twice; embeddings are averaged without normalising them first.
    /// </summary>
    public static PromptTemplates WinClip { get; } = new()
    {
        Averaging = PromptAveraging.Raw,
        Templates =
        [
            "a cropped photo of the [state].",
            "a close-up photo of a [state].",
            "a close-up photo of the [state].",
            "a bright photo of a [state].",
            "a bright photo of the [state].",
            "a dark photo of the [state].",
            "a dark photo of a [state].",
            "a jpeg corrupted photo of the [state].",
            "a jpeg corrupted photo of the [state].",
            "a blurry photo of the [state].",
            "a blurry photo of a [state].",
            "a photo of a [state].",
            "a photo of the [state].",
            "a photo of a small [state].",
            "a photo of the small [state].",
            "a photo of a large [state].",
            "a photo of the large [state].",
            "a photo of the [state] for visual inspection.",
            "a photo of a [state] for visual inspection.",
            "a photo of the [state] for anomaly detection.",
            "a photo of a [state] for anomaly detection.",
        ],
        NormalStates =
        [
            "[object]",
            "flawless [object]",
            "perfect [object]",
            "unblemished [object]",
            "[object] without flaw",
            "[object] without defect",
            "[object] without damage",
        ],
        AbnormalStates =
        [
            "damaged [object]",
            "[object] with flaw",
            "[object] with defect",
            "[object] with damage",
        ],
    };

    /// <summary>
    /// APRIL-GAN's ensemble (arXiv 2305.17382, section 2.1; prompt_ensemble.py of its authors): 7 normal and 5 abnormal states in 35 templates.
    /// </summary>
    public static PromptTemplates AprilGan { get; } = new()
    {
        Templates =
        [
            "a bad photo of a [state].",
            "a low resolution photo of the [state].",
            "a bad photo of the [state].",
            "a cropped photo of the [state].",
            "a bright photo of a [state].",
            "a dark photo of the [state].",
            "a photo of my [state].",
            "a photo of the cool [state].",
            "a close-up photo of a [state].",
            "a black and white photo of the [state].",
            "a bright photo of the [state].",
            "a cropped photo of a [state].",
            "a jpeg corrupted photo of a [state].",
            "a blurry photo of the [state].",
            "a photo of the [state].",
            "a good photo of the [state].",
            "a photo of one [state].",
            "a close-up photo of the [state].",
            "a photo of a [state].",
            "a low resolution photo of a [state].",
            "a photo of a large [state].",
            "a blurry photo of a [state].",
            "a jpeg corrupted photo of the [state].",
            "a good photo of a [state].",
            "a photo of the small [state].",
            "a photo of the large [state].",
            "a black and white photo of a [state].",
            "a dark photo of a [state].",
            "a photo of a cool [state].",
            "a photo of a small [state].",
            "there is a [state] in the scene.",
            "there is the [state] in the scene.",
            "this is a [state] in the scene.",
            "this is the [state] in the scene.",
            "this is one [state] in the scene.",
        ],
        NormalStates =
        [
            "[object]",
            "flawless [object]",
            "perfect [object]",
            "unblemished [object]",
            "[object] without flaw",
            "[object] without defect",
            "[object] without damage",
        ],
        AbnormalStates =
        [
            "damaged [object]",
            "broken [object]",
            "[object] with flaw",
            "[object] with defect",
            "[object] with damage",
        ],
    };
}
