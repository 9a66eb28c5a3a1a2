<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>Actions</name>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>&amp;Öffnen …</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>&amp;Zuletzt geöffnet</translation>
    </message>
    <message>
        <source>&amp;Paste as new picture</source>
        <translation>Als neues Bild &amp;einfügen</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>Save &amp;as…</source>
        <translation>Speichern &amp;unter …</translation>
    </message>
    <message>
        <source>&amp;Close window</source>
        <translation>Fenster s&amp;chließen</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Wiederholen</translation>
    </message>
    <message>
        <source>&amp;Picture</source>
        <translation>B&amp;ild</translation>
    </message>
    <message>
        <source>&amp;Plan</source>
        <translation>&amp;Planen</translation>
    </message>
    <message>
        <source>&amp;Apply</source>
        <translation>&amp;Anwenden</translation>
    </message>
    <message>
        <source>P&amp;lan and apply</source>
        <translation>P&amp;lanen und anwenden</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>Ab&amp;brechen</translation>
    </message>
    <message>
        <source>&amp;Draw a box</source>
        <translation>Kasten &amp;zeichnen</translation>
    </message>
    <message>
        <source>Choose the a&amp;rea to edit</source>
        <translation>Bereich zum Bea&amp;rbeiten wählen</translation>
    </message>
    <message>
        <source>Edit the &amp;whole picture</source>
        <translation>&amp;Ganzes Bild bearbeiten</translation>
    </message>
    <message>
        <source>Show &amp;boxes</source>
        <translation>&amp;Kästen zeigen</translation>
    </message>
    <message>
        <source>&amp;Take the result</source>
        <translation>Ergebnis ü&amp;bernehmen</translation>
    </message>
    <message>
        <source>D&amp;iscard the result</source>
        <translation>Ergebnis &amp;verwerfen</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Fit</source>
        <translation>Ein&amp;passen</translation>
    </message>
    <message>
        <source>&amp;100 %</source>
        <translation>&amp;100 %</translation>
    </message>
    <message>
        <source>&amp;Larger</source>
        <translation>&amp;Größer</translation>
    </message>
    <message>
        <source>&amp;Smaller</source>
        <translation>&amp;Kleiner</translation>
    </message>
    <message>
        <source>Go to {place}</source>
        <translation>Gehe zu: {place}</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>&amp;Keys</source>
        <translation>&amp;Tasten</translation>
    </message>
    <message>
        <source>&amp;About got_desktop</source>
        <translation>Ü&amp;ber got_desktop</translation>
    </message>
</context>
<context>
    <name>Activity</name>
    <message>
        <source>{time} a step</source>
        <translation>{time} je Schritt</translation>
    </message>
    <message>
        <source>Waiting: {number} before it</source>
        <translation>Wartet: {number} davor</translation>
    </message>
    <message>
        <source>Waiting for the engine</source>
        <translation>Wartet auf die Engine</translation>
    </message>
    <message>
        <source>Loading the model: {done} of {total}</source>
        <translation>Modell wird geladen: {done} von {total}</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>Modell wird geladen</translation>
    </message>
    <message>
        <source>Planning</source>
        <translation>Plant</translation>
    </message>
    <message>
        <source>Planning step {turn}</source>
        <translation>Plant Schritt {turn}</translation>
    </message>
    <message>
        <source>Drawing: step {done} of {total}</source>
        <translation>Zeichnet: Schritt {done} von {total}</translation>
    </message>
    <message>
        <source>(candidate {number})</source>
        <translation>(Vorschlag {number})</translation>
    </message>
    <message>
        <source>Sending the picture</source>
        <translation>Bild wird übergeben</translation>
    </message>
    <message>
        <source>Putting the picture together</source>
        <translation>Bild wird zusammengesetzt</translation>
    </message>
    <message>
        <source>Cancelling</source>
        <translation>Wird abgebrochen</translation>
    </message>
    <message>
        <source>{number} s left</source>
        <translation>noch {number} s</translation>
    </message>
    <message>
        <source>{number} min left</source>
        <translation>noch {number} min</translation>
    </message>
</context>
<context>
    <name>BoxLabel</name>
    <message>
        <source>What is in the box</source>
        <translation>Was im Kasten ist</translation>
    </message>
</context>
<context>
    <name>BoxPanel</name>
    <message>
        <source>Boxes</source>
        <translation>Kästen</translation>
    </message>
    <message>
        <source>Drag, or Alt+Up and Alt+Down: another order; the colors follow it</source>
        <translation>Ziehen oder Alt+Auf und Alt+Ab: andere Reihenfolge; die Farben folgen ihr</translation>
    </message>
    <message>
        <source>No boxes yet. Plan, or press R and draw one.</source>
        <translation>Noch keine Kästen. Planen Sie, oder zeichnen Sie einen mit R.</translation>
    </message>
    <message>
        <source>What is in the box</source>
        <translation>Was im Kasten ist</translation>
    </message>
    <message>
        <source>What becomes of the box</source>
        <translation>Was aus dem Kasten wird</translation>
    </message>
    <message>
        <source>Reasoned about only</source>
        <translation>Nur bedacht</translation>
    </message>
    <message>
        <source>Edit region ({color})</source>
        <translation>Wird bearbeitet ({color})</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>Links</translation>
    </message>
    <message>
        <source>Top</source>
        <translation>Oben</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>Breite</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>Höhe</translation>
    </message>
    <message>
        <source>Show on the picture</source>
        <translation>Auf dem Bild zeigen</translation>
    </message>
    <message>
        <source>Lock against the mouse</source>
        <translation>Gegen die Maus sperren</translation>
    </message>
    <message>
        <source>Duplicate (Ctrl+D)</source>
        <translation>Verdoppeln (Strg+D)</translation>
    </message>
    <message>
        <source>Delete (Del)</source>
        <translation>Löschen (Entf)</translation>
    </message>
    <message>
        <source>edit region</source>
        <translation>wird bearbeitet</translation>
    </message>
    <message>
        <source>reasoned about</source>
        <translation>nur bedacht</translation>
    </message>
    <message>
        <source>Rename box</source>
        <translation>Kasten benennen</translation>
    </message>
    <message>
        <source>Change what becomes of the box</source>
        <translation>Bedeutung des Kastens ändern</translation>
    </message>
    <message>
        <source>Mark box</source>
        <translation>Kasten markieren</translation>
    </message>
</context>
<context>
    <name>Canvas</name>
    <message>
        <source>Picture and boxes</source>
        <translation>Bild und Kästen</translation>
    </message>
    <message>
        <source>Candidate {number}</source>
        <translation>Vorschlag {number}</translation>
    </message>
    <message>
        <source>the new object</source>
        <translation>das neue Objekt</translation>
    </message>
    <message>
        <source>Rename box</source>
        <translation>Kasten benennen</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Nachher</translation>
    </message>
</context>
<context>
    <name>CanvasBar</name>
    <message>
        <source>Move boxes (Esc)</source>
        <translation>Kästen bewegen (Esc)</translation>
    </message>
    <message>
        <source>Draw a box (R)</source>
        <translation>Kasten zeichnen (R)</translation>
    </message>
    <message>
        <source>Choose the area to edit (S)</source>
        <translation>Bereich wählen, der bearbeitet wird (S)</translation>
    </message>
    <message>
        <source>Edit the whole picture again</source>
        <translation>Wieder das ganze Bild bearbeiten</translation>
    </message>
    <message>
        <source>Show boxes (Ctrl+B)</source>
        <translation>Kästen zeigen (Strg+B)</translation>
    </message>
    <message>
        <source>Smaller (Ctrl+-)</source>
        <translation>Kleiner (Strg+-)</translation>
    </message>
    <message>
        <source>Larger (Ctrl++)</source>
        <translation>Größer (Strg++)</translation>
    </message>
    <message>
        <source>Fit (Ctrl+0)</source>
        <translation>Einpassen (Strg+0)</translation>
    </message>
</context>
<context>
    <name>ChainEditor</name>
    <message>
        <source>GoT chain</source>
        <translation>GoT-Kette</translation>
    </message>
    <message>
        <source>The plan appears here as it is written. Boxes stand between ‹ and ›.</source>
        <translation>Hier erscheint der Plan, während er geschrieben wird. Kästen stehen zwischen ‹ und ›.</translation>
    </message>
    <message>
        <source>Edit text</source>
        <translation>Text bearbeiten</translation>
    </message>
</context>
<context>
    <name>DoctorPage</name>
    <message>
        <source>Doctor</source>
        <translation>Diagnose</translation>
    </message>
    <message>
        <source>Looks at this machine and says what is wrong, and what to do about it.</source>
        <translation>Untersucht diesen Rechner und sagt, was nicht stimmt und was zu tun ist.</translation>
    </message>
    <message>
        <source>Examine again</source>
        <translation>Erneut untersuchen</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>Bericht kopieren</translation>
    </message>
    <message>
        <source>This machine</source>
        <translation>Dieser Rechner</translation>
    </message>
    <message>
        <source>Examining…</source>
        <translation>Wird untersucht …</translation>
    </message>
    <message>
        <source>This takes a few seconds the first time.</source>
        <translation>Das dauert beim ersten Mal einige Sekunden.</translation>
    </message>
    <message>
        <source>To mend: {number}</source>
        <translation>Zu beheben: {number}</translation>
    </message>
    <message>
        <source>The engine is still starting; it is looked at again by itself.</source>
        <translation>Die Engine startet noch; es wird von selbst wieder nachgesehen.</translation>
    </message>
    <message>
        <source>All that is needed works. Hints: {number}</source>
        <translation>Alles Nötige funktioniert. Hinweise: {number}</translation>
    </message>
    <message>
        <source>Everything works</source>
        <translation>Alles funktioniert</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>Gut</translation>
    </message>
    <message>
        <source>Not known yet</source>
        <translation>Noch nicht bekannt</translation>
    </message>
    <message>
        <source>No answer yet: a new engine takes a while on a busy machine.</source>
        <translation>Noch keine Antwort: Eine neue Engine braucht auf einem ausgelasteten Rechner eine Weile.</translation>
    </message>
    <message>
        <source>Wrong</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Hint</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>Start the engine</source>
        <translation>Engine starten</translation>
    </message>
    <message>
        <source>Install the plug-in</source>
        <translation>Plug-in installieren</translation>
    </message>
    <message>
        <source>The plug-in is installed. Start {host} anew if it runs.</source>
        <translation>Das Plug-in ist installiert. Starten Sie {host} neu, falls es läuft.</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>Programm</translation>
    </message>
    <message>
        <source>Packages</source>
        <translation>Pakete</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Krita plug-in</source>
        <translation>Plug-in für Krita</translation>
    </message>
    <message>
        <source>GIMP plug-in</source>
        <translation>Plug-in für GIMP</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>Engine</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>The report is on the clipboard.</source>
        <translation>Der Bericht liegt in der Zwischenablage.</translation>
    </message>
</context>
<context>
    <name>Document</name>
    <message>
        <source>Untitled</source>
        <translation>Unbenannt</translation>
    </message>
</context>
<context>
    <name>DocumentFiles</name>
    <message>
        <source>Saved {name}.</source>
        <translation>{name} ist gespeichert.</translation>
    </message>
</context>
<context>
    <name>DrawingPanel</name>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Guidance and steps</source>
        <translation>Führung und Schritte</translation>
    </message>
    <message>
        <source>Keep the seed</source>
        <translation>Startwert behalten</translation>
    </message>
    <message>
        <source>Next seed</source>
        <translation>Nächster Startwert</translation>
    </message>
    <message>
        <source>Another seed</source>
        <translation>Anderer Startwert</translation>
    </message>
    <message>
        <source>own</source>
        <translation>eigene</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Adapter&apos;s weight</source>
        <translation>Gewicht des Adapters</translation>
    </message>
    <message>
        <source>Adapter</source>
        <translation>Adapter</translation>
    </message>
    <message>
        <source>Weight</source>
        <translation>Gewicht</translation>
    </message>
    <message>
        <source>Paper&apos;s values</source>
        <translation>Wie im Artikel</translation>
    </message>
    <message>
        <source>What the method&apos;s authors drew with</source>
        <translation>Womit die Autoren der Methode gezeichnet haben</translation>
    </message>
    <message>
        <source>Model&apos;s own</source>
        <translation>Wie das Modell</translation>
    </message>
    <message>
        <source>What the model says it draws best with</source>
        <translation>Womit das Modell nach eigener Angabe am besten zeichnet</translation>
    </message>
    <message>
        <source>Each run takes another seed</source>
        <translation>Jeder Lauf nimmt einen anderen Startwert</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
</context>
<context>
    <name>Editor</name>
    <message>
        <source>Plan again</source>
        <translation>Neu planen</translation>
    </message>
    <message>
        <source>The plan holds boxes of your own.</source>
        <translation>Der Plan enthält eigene Kästen von Ihnen.</translation>
    </message>
    <message>
        <source>Planning again writes a new plan. Undo brings the present one back.</source>
        <translation>Beim Neuplanen entsteht ein neuer Plan. „Rückgängig“ holt den jetzigen zurück.</translation>
    </message>
    <message>
        <source>Keep my boxes</source>
        <translation>Meine Kästen behalten</translation>
    </message>
    <message>
        <source>Replace all</source>
        <translation>Alles ersetzen</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>No box of the plan can be used, so it is not known what is to change.</source>
        <translation>Keine Box des Plans ist zu gebrauchen; so ist nicht bekannt, was sich ändern soll.</translation>
    </message>
    <message>
        <source>Something in the plan has no effect as it stands.</source>
        <translation>Etwas im Plan bleibt so ohne Wirkung.</translation>
    </message>
    <message>
        <source>Apply without it</source>
        <translation>Ohne dies anwenden</translation>
    </message>
    <message>
        <source>Show it</source>
        <translation>Zeigen</translation>
    </message>
</context>
<context>
    <name>Files</name>
    <message>
        <source>Open a picture</source>
        <translation>Bild öffnen</translation>
    </message>
    <message>
        <source>Pictures ({endings})</source>
        <translation>Bilder ({endings})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>There is no picture on the clipboard.</source>
        <translation>In der Zwischenablage ist kein Bild.</translation>
    </message>
    <message>
        <source>Copy a picture, or open a file.</source>
        <translation>Kopieren Sie ein Bild, oder öffnen Sie eine Datei.</translation>
    </message>
    <message>
        <source>Save as</source>
        <translation>Speichern unter</translation>
    </message>
    <message>
        <source>OpenRaster, with layers (*.ora)</source>
        <translation>OpenRaster, mit Ebenen (*.ora)</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>Unbenannt</translation>
    </message>
    <message>
        <source>Unsaved changes</source>
        <translation>Nicht gespeichert</translation>
    </message>
    <message>
        <source>Results not taken</source>
        <translation>Ergebnisse nicht übernommen</translation>
    </message>
    <message>
        <source>Work under way</source>
        <translation>Arbeit im Gang</translation>
    </message>
    <message>
        <source>“{name}” has results that you have not taken.</source>
        <translation>„{name}“ hat Ergebnisse, die Sie nicht übernommen haben.</translation>
    </message>
    <message>
        <source>“{name}” is still being worked on.</source>
        <translation>An „{name}“ wird noch gearbeitet.</translation>
    </message>
    <message>
        <source>The history keeps all that is needed to draw them again.</source>
        <translation>Der Verlauf behält alles, was nötig ist, um sie wieder zu zeichnen.</translation>
    </message>
    <message>
        <source>Discard results</source>
        <translation>Ergebnisse verwerfen</translation>
    </message>
    <message>
        <source>Cancel the work</source>
        <translation>Arbeit abbrechen</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>What the engine does for it is cancelled.</source>
        <translation>Was die Engine dafür tut, wird abgebrochen.</translation>
    </message>
    <message>
        <source>Results that you have not taken are discarded.</source>
        <translation>Ergebnisse, die Sie nicht übernommen haben, werden verworfen.</translation>
    </message>
    <message>
        <source>“{name}” has changes that are not saved.</source>
        <translation>„{name}“ enthält Änderungen, die nicht gespeichert sind.</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Don&apos;t save</source>
        <translation>Nicht speichern</translation>
    </message>
</context>
<context>
    <name>FormCard</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Open the TOML file</source>
        <translation>TOML-Datei öffnen</translation>
    </message>
    <message>
        <source>Base model</source>
        <translation>Grundmodell</translation>
    </message>
    <message>
        <source>What the adapter is for.</source>
        <translation>Für dieses Modell ist der Adapter.</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Each step learns from one batch of pairs.</source>
        <translation>Jeder Schritt lernt aus einigen Paaren.</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>About 0.005 for got-mini, 0.00005 for GoT-6B.</source>
        <translation>Etwa 0,005 für got-mini, 0,00005 für GoT-6B.</translation>
    </message>
    <message>
        <source>Pairs a step</source>
        <translation>Paare je Schritt</translation>
    </message>
    <message>
        <source>More make it steadier and slower.</source>
        <translation>Mehr machen es stetiger und langsamer.</translation>
    </message>
    <message>
        <source>Pairs at once</source>
        <translation>Paare auf einmal</translation>
    </message>
    <message>
        <source>Less takes less memory. The pairs of a step must be a multiple of it.</source>
        <translation>Weniger braucht weniger Speicher. Die Paare je Schritt müssen ein Vielfaches davon sein.</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>Rang</translation>
    </message>
    <message>
        <source>How much the adapter can hold.</source>
        <translation>Wie viel der Adapter fassen kann.</translation>
    </message>
    <message>
        <source>Tune the planner</source>
        <translation>Planer anpassen</translation>
    </message>
    <message>
        <source>Tune the UNet</source>
        <translation>UNet anpassen</translation>
    </message>
    <message>
        <source>Tune the projectors</source>
        <translation>Projektoren anpassen</translation>
    </message>
    <message>
        <source>Held out</source>
        <translation>Zurückgehalten</translation>
    </message>
    <message>
        <source>Share of the pairs that is not trained on: they show how it does. 0 holds none out.</source>
        <translation>Anteil der Paare, mit denen nicht trainiert wird: an ihnen zeigt sich, wie es gelingt. 0 hält keine zurück.</translation>
    </message>
    <message>
        <source>Steps between samples</source>
        <translation>Schritte zwischen Proben</translation>
    </message>
    <message>
        <source>How often held-out pairs are drawn.</source>
        <translation>Wie oft zurückgehaltene Paare gezeichnet werden.</translation>
    </message>
    <message>
        <source>License of the pairs</source>
        <translation>Lizenz der Paare</translation>
    </message>
    <message>
        <source>Is written into the adapter.</source>
        <translation>Wird in den Adapter geschrieben.</translation>
    </message>
    <message>
        <source>All other settings</source>
        <translation>Alle anderen Einstellungen</translation>
    </message>
    <message>
        <source>The file cannot be read. Open it and correct it.</source>
        <translation>Die Datei lässt sich nicht lesen. Öffnen und berichtigen Sie sie.</translation>
    </message>
    <message>
        <source>Each has a line that explains it.</source>
        <translation>Zu jeder steht eine Zeile, die sie erklärt.</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>What the training runs on.</source>
        <translation>Worauf das Training läuft.</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>Ja</translation>
    </message>
    <message>
        <source>No</source>
        <translation>Nein</translation>
    </message>
</context>
<context>
    <name>GetCard</name>
    <message>
        <source>Get GoT-6B</source>
        <translation>GoT-6B holen</translation>
    </message>
    <message>
        <source>The model of the paper. It knows photographs and paints at 1024×1024, and wants a graphics card with much memory. The model that comes with the program, got-mini, knows picture-book scenes only.</source>
        <translation>Das Modell der Veröffentlichung. Es kennt Fotos, malt mit 1024×1024 und braucht eine Grafikkarte mit viel Speicher. Das mitgelieferte Modell got-mini kennt nur Bilderbuchszenen.</translation>
    </message>
    <message>
        <source>Show sizes and licenses</source>
        <translation>Größen und Lizenzen zeigen</translation>
    </message>
    <message>
        <source>Import a folder…</source>
        <translation>Ordner importieren …</translation>
    </message>
    <message>
        <source>For a model that is on this machine already</source>
        <translation>Für ein Modell, das schon auf diesem Rechner ist</translation>
    </message>
    <message>
        <source>Go on with the download</source>
        <translation>Herunterladen fortsetzen</translation>
    </message>
    <message>
        <source>Download and import</source>
        <translation>Herunterladen und importieren</translation>
    </message>
    <message>
        <source>The disk has {free} free, and {needed} are needed. Free some space first.</source>
        <translation>Auf dem Datenträger sind {free} frei, {needed} werden gebraucht. Bitte zuerst Platz schaffen.</translation>
    </message>
    <message>
        <source>Delete what was loaded</source>
        <translation>Geladenes löschen</translation>
    </message>
    <message>
        <source>{here} of {size} are here; {left} are still to be loaded.</source>
        <translation>{here} von {size} sind hier; {left} fehlen noch.</translation>
    </message>
    <message>
        <source>{size} are downloaded.</source>
        <translation>{size} werden heruntergeladen.</translation>
    </message>
    <message>
        <source>Each file is checked against the hash that its publisher lists. Then the model is imported, which takes as much again on the disk; what was downloaded is deleted after that.</source>
        <translation>Jede Datei wird mit der Prüfsumme verglichen, die ihr Herausgeber nennt. Dann wird das Modell importiert, was noch einmal so viel Platz braucht; danach wird das Heruntergeladene gelöscht.</translation>
    </message>
    <message>
        <source>Its publisher states no terms beside the name of its license.</source>
        <translation>Der Herausgeber nennt außer dem Namen der Lizenz keine Bedingungen.</translation>
    </message>
    <message>
        <source>Terms of {name}</source>
        <translation>Bedingungen von {name}</translation>
    </message>
    <message>
        <source>I accept these terms</source>
        <translation>Ich nehme diese Bedingungen an</translation>
    </message>
    <message>
        <source>I accept the terms of {name}</source>
        <translation>Ich nehme die Bedingungen von {name} an</translation>
    </message>
    <message>
        <source>license: see its terms</source>
        <translation>Lizenz: siehe Bedingungen</translation>
    </message>
    <message>
        <source>Show the terms of {name}</source>
        <translation>Bedingungen von {name} zeigen</translation>
    </message>
    <message>
        <source>Accept the terms of all three first</source>
        <translation>Bitte zuerst alle drei Bedingungen annehmen</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>What was downloaded is kept</source>
        <translation>Was heruntergeladen wurde, bleibt erhalten</translation>
    </message>
    <message>
        <source>Looking up what there is…</source>
        <translation>Wird nachgesehen …</translation>
    </message>
    <message>
        <source>Downloading: {done} of {total}</source>
        <translation>Herunterladen: {done} von {total}</translation>
    </message>
    <message>
        <source>, {speed} a second, {minutes} min left</source>
        <translation>, {speed} pro Sekunde, noch {minutes} min</translation>
    </message>
    <message>
        <source>Checking the hash: {done} of {total}</source>
        <translation>Prüfsumme wird verglichen: {done} von {total}</translation>
    </message>
    <message>
        <source>Importing: file {done} of {total}</source>
        <translation>Importieren: Datei {done} von {total}</translation>
    </message>
    <message>
        <source>Importing: reading the weights</source>
        <translation>Importieren: Gewichte werden gelesen</translation>
    </message>
    <message>
        <source>Importing: writing part {done} of {total}</source>
        <translation>Importieren: Teil {done} von {total} wird geschrieben</translation>
    </message>
</context>
<context>
    <name>Help</name>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Edit pictures by instruction, through a written plan and red boxes that you can correct.</source>
        <translation>Bilder nach Anweisung bearbeiten, mit einem geschriebenen Plan und roten Kästen, die man berichtigen kann.</translation>
    </message>
    <message>
        <source>About got_desktop</source>
        <translation>Über got_desktop</translation>
    </message>
</context>
<context>
    <name>HistoryStrip</name>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Search the history</source>
        <translation>Verlauf durchsuchen</translation>
    </message>
    <message>
        <source>Starred only</source>
        <translation>Nur mit Stern</translation>
    </message>
    <message>
        <source>Use these settings again</source>
        <translation>Diese Einstellungen wieder benutzen</translation>
    </message>
    <message>
        <source>Star</source>
        <translation>Stern</translation>
    </message>
    <message>
        <source>Delete from the history</source>
        <translation>Aus dem Verlauf löschen</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Every edit is kept here, with all that is needed to do it again.</source>
        <translation>Hier bleibt jede Bearbeitung, mit allem, was man für eine Wiederholung braucht.</translation>
    </message>
    <message>
        <source>Use these settings and the plan again</source>
        <translation>Diese Einstellungen und den Plan wieder benutzen</translation>
    </message>
</context>
<context>
    <name>InstructionPanel</name>
    <message>
        <source>What to make</source>
        <translation>Was entstehen soll</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>New picture</source>
        <translation>Neues Bild</translation>
    </message>
    <message>
        <source>Instruction</source>
        <translation>Anweisung</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Planen</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>Plan &amp;&amp; apply</source>
        <translation>Planen &amp;&amp; anwenden</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Cancel (Esc)</source>
        <translation>Abbrechen (Esc)</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>Save as preset</source>
        <translation>Als Vorlage speichern</translation>
    </message>
    <message>
        <source>Delete preset</source>
        <translation>Vorlage löschen</translation>
    </message>
    <message>
        <source>&amp;Instruction</source>
        <translation>A&amp;nweisung</translation>
    </message>
    <message>
        <source>&amp;Caption</source>
        <translation>Bild&amp;beschreibung</translation>
    </message>
    <message>
        <source>What should the picture show?</source>
        <translation>Was soll das Bild zeigen?</translation>
    </message>
    <message>
        <source>What should change? For example: make the boat yellow</source>
        <translation>Was soll sich ändern? Zum Beispiel: make the boat yellow</translation>
    </message>
    <message>
        <source>Choose a preset…</source>
        <translation>Vorlage wählen …</translation>
    </message>
    <message>
        <source>Plan again</source>
        <translation>Neu planen</translation>
    </message>
    <message>
        <source>Drawn at {width}×{height}.</source>
        <translation>Gezeichnet mit {width}×{height}.</translation>
    </message>
    <message>
        <source>Edited at {0}×{1}, pasted at {2}×{3}. What is not edited stays as it is.</source>
        <translation>Bearbeitet mit {0}×{1}, eingefügt mit {2}×{3}. Was nicht bearbeitet wird, bleibt, wie es ist.</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
</context>
<context>
    <name>Keys</name>
    <message>
        <source>Draw a box</source>
        <translation>Kasten zeichnen</translation>
    </message>
    <message>
        <source>Choose the area to edit</source>
        <translation>Bereich zum Bearbeiten wählen</translation>
    </message>
    <message>
        <source>Move the chosen box by 1 px, 10 px</source>
        <translation>Gewählten Kasten um 1 px, 10 px bewegen</translation>
    </message>
    <message>
        <source>arrows, Shift+arrows</source>
        <translation>Pfeile, Umschalt+Pfeile</translation>
    </message>
    <message>
        <source>Resize it</source>
        <translation>Größe ändern</translation>
    </message>
    <message>
        <source>Ctrl+arrows</source>
        <translation>Strg+Pfeile</translation>
    </message>
    <message>
        <source>Next, previous box</source>
        <translation>Nächster, voriger Kasten</translation>
    </message>
    <message>
        <source>Name, delete, duplicate it</source>
        <translation>Benennen, löschen, verdoppeln</translation>
    </message>
    <message>
        <source>Another place in the list of boxes</source>
        <translation>Anderer Platz in der Liste der Kästen</translation>
    </message>
    <message>
        <source>Alt+Up, Alt+Down</source>
        <translation>Alt+Auf, Alt+Ab</translation>
    </message>
    <message>
        <source>See the original</source>
        <translation>Vorher sehen</translation>
    </message>
    <message>
        <source>hold Space</source>
        <translation>Leertaste halten</translation>
    </message>
    <message>
        <source>Choose a result, take it</source>
        <translation>Ergebnis wählen, nehmen</translation>
    </message>
    <message>
        <source>Move the line between before and after</source>
        <translation>Die Linie zwischen vorher und nachher verschieben</translation>
    </message>
    <message>
        <source>Left, Right</source>
        <translation>Links, Rechts</translation>
    </message>
</context>
<context>
    <name>LayerPanel</name>
    <message>
        <source>Layers</source>
        <translation>Ebenen</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>Deckkraft</translation>
    </message>
    <message>
        <source>Mask on or off</source>
        <translation>Maske ein oder aus</translation>
    </message>
    <message>
        <source>Raise layer</source>
        <translation>Ebene anheben</translation>
    </message>
    <message>
        <source>Lower layer</source>
        <translation>Ebene absenken</translation>
    </message>
    <message>
        <source>Merge with the layer below</source>
        <translation>Mit der Ebene darunter vereinen</translation>
    </message>
    <message>
        <source>Delete layer</source>
        <translation>Ebene löschen</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Ausgangsbild</translation>
    </message>
    <message>
        <source>Tick: visible. F2 or double-click: rename.</source>
        <translation>Haken: sichtbar. F2 oder Doppelklick: umbenennen.</translation>
    </message>
    <message>
        <source>Show or hide layer</source>
        <translation>Ebene zeigen oder verbergen</translation>
    </message>
    <message>
        <source>Rename layer</source>
        <translation>Ebene umbenennen</translation>
    </message>
    <message>
        <source>Move layer</source>
        <translation>Ebene verschieben</translation>
    </message>
</context>
<context>
    <name>LossCurve</name>
    <message>
        <source>step {step}: {value}</source>
        <translation>Schritt {step}: {value}</translation>
    </message>
    <message>
        <source>begins with the first step</source>
        <translation>beginnt mit dem ersten Schritt</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Messages</source>
        <translation>Meldungen</translation>
    </message>
    <message>
        <source>Close message</source>
        <translation>Meldung schließen</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>What plans and draws. A model is loaded when it is first used and stays in memory for a while.</source>
        <translation>Was plant und zeichnet. Ein Modell wird beim ersten Gebrauch geladen und bleibt eine Weile im Speicher.</translation>
    </message>
    <message>
        <source>On this machine</source>
        <translation>Auf diesem Rechner</translation>
    </message>
    <message>
        <source>Adapters</source>
        <translation>Adapter</translation>
    </message>
    <message>
        <source>A folder with a model</source>
        <translation>Ein Ordner mit einem Modell</translation>
    </message>
    <message>
        <source>{name} is ready to be used.</source>
        <translation>{name} kann benutzt werden.</translation>
    </message>
    <message>
        <source>The engine is asked what there is…</source>
        <translation>Die Engine wird gefragt, was es gibt …</translation>
    </message>
    <message>
        <source>draws at {side}×{side}</source>
        <translation>zeichnet mit {side}×{side}</translation>
    </message>
    <message>
        <source>its got.json cannot be read: import or download it again</source>
        <translation>seine got.json ist nicht lesbar: bitte neu importieren oder herunterladen</translation>
    </message>
    <message>
        <source>in memory</source>
        <translation>im Speicher</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>Entladen</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>In Gebrauch</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>Benutzen</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Broken</source>
        <translation>Beschädigt</translation>
    </message>
    <message>
        <source>for {model}</source>
        <translation>für {model}</translation>
    </message>
    <message>
        <source>Do not use</source>
        <translation>Nicht benutzen</translation>
    </message>
    <message>
        <source>Adapter</source>
        <translation>Adapter</translation>
    </message>
    <message>
        <source>None yet. An adapter changes how a model draws; the trainer makes them. They lie in {folder}.</source>
        <translation>Noch keiner. Ein Adapter ändert, wie ein Modell zeichnet; der Trainer erzeugt sie. Sie liegen in {folder}.</translation>
    </message>
    <message>
        <source>No adapter</source>
        <translation>Kein Adapter</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>Plug-ins</source>
        <translation>Plug-ins</translation>
    </message>
    <message>
        <source>Doctor</source>
        <translation>Diagnose</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
</context>
<context>
    <name>PairsCard</name>
    <message>
        <source>Pairs</source>
        <translation>Paare</translation>
    </message>
    <message>
        <source>Pairs with their boxes</source>
        <translation>Paare mit ihren Kästen</translation>
    </message>
    <message>
        <source>Correct boxes and text…</source>
        <translation>Kästen und Text berichtigen …</translation>
    </message>
    <message>
        <source>The pairs are read: {number} so far…</source>
        <translation>Die Paare werden gelesen: bisher {number} …</translation>
    </message>
    <message>
        <source>Read the pairs again</source>
        <translation>Paare noch einmal lesen</translation>
    </message>
    <message>
        <source>The pairs were not read to the end: {why}</source>
        <translation>Die Paare wurden nicht zu Ende gelesen: {why}</translation>
    </message>
    <message>
        <source>Open the whole report</source>
        <translation>Ganzen Bericht öffnen</translation>
    </message>
    <message>
        <source>{number} pairs to train on</source>
        <translation>{number} Paare zum Trainieren</translation>
    </message>
    <message>
        <source>What is not used, or with care</source>
        <translation>Was nicht oder nur mit Vorsicht verwendet wird</translation>
    </message>
    <message>
        <source>before without after, or after without before</source>
        <translation>Vorher ohne Nachher oder Nachher ohne Vorher</translation>
    </message>
    <message>
        <source>cannot be read</source>
        <translation>nicht lesbar</translation>
    </message>
    <message>
        <source>row without a field that it needs</source>
        <translation>Zeile ohne ein Feld, das sie braucht</translation>
    </message>
    <message>
        <source>before and after of different shapes</source>
        <translation>Vorher und Nachher von verschiedener Form</translation>
    </message>
    <message>
        <source>chain with a broken part</source>
        <translation>Kette mit einem fehlerhaften Teil</translation>
    </message>
    <message>
        <source>box that reaches out of the picture</source>
        <translation>Kasten, der über das Bild hinausreicht</translation>
    </message>
    <message>
        <source>without an instruction</source>
        <translation>ohne Anweisung</translation>
    </message>
    <message>
        <source>there twice</source>
        <translation>doppelt vorhanden</translation>
    </message>
    <message>
        <source>the model&apos;s answer was of no use</source>
        <translation>die Antwort des Modells war nicht zu gebrauchen</translation>
    </message>
    <message>
        <source>before and after show no difference</source>
        <translation>Vorher und Nachher zeigen keinen Unterschied</translation>
    </message>
</context>
<context>
    <name>PlanPanel</name>
    <message>
        <source>Step of the plan</source>
        <translation>Schritt des Plans</translation>
    </message>
    <message>
        <source>Run to here</source>
        <translation>Bis hierher</translation>
    </message>
    <message>
        <source>Branch from here: what comes after this step is planned anew</source>
        <translation>Hier abzweigen: Was danach kommt, wird neu geplant</translation>
    </message>
    <message>
        <source>Draw a box (R)</source>
        <translation>Kasten zeichnen (R)</translation>
    </message>
    <message>
        <source>What the model understood</source>
        <translation>Was das Modell verstanden hat</translation>
    </message>
    <message>
        <source>Boxes</source>
        <translation>Kästen</translation>
    </message>
    <message>
        <source>Step {number} of {count}</source>
        <translation>Schritt {number} von {count}</translation>
    </message>
    <message>
        <source>Branch</source>
        <translation>Abzweigen</translation>
    </message>
</context>
<context>
    <name>PluginsPage</name>
    <message>
        <source>Plug-ins</source>
        <translation>Plug-ins</translation>
    </message>
    <message>
        <source>Plan, review and apply inside Krita and GIMP 3, with the same engine and the same models.</source>
        <translation>Planen, prüfen und anwenden in Krita und GIMP 3, mit derselben Engine und denselben Modellen.</translation>
    </message>
    <message>
        <source>Looking for it…</source>
        <translation>Wird gesucht …</translation>
    </message>
    <message>
        <source>Installed</source>
        <translation>Installiert</translation>
    </message>
    <message>
        <source>An older version is installed</source>
        <translation>Eine ältere Fassung ist installiert</translation>
    </message>
    <message>
        <source>Not installed</source>
        <translation>Nicht installiert</translation>
    </message>
    <message>
        <source>Another plug-in lies in its place</source>
        <translation>An seiner Stelle liegt ein anderes Plug-in</translation>
    </message>
    <message>
        <source>Install</source>
        <translation>Installieren</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>Noch einmal nachsehen</translation>
    </message>
    <message>
        <source>It was not installed by got_desktop, and is left alone. Move it away first.</source>
        <translation>got_desktop hat es nicht installiert und lässt es in Ruhe. Bitte zuerst wegräumen.</translation>
    </message>
    <message>
        <source>Switch it on in Krita: Settings ▸ Configure Krita ▸ Python Plugin Manager ▸ GoT.</source>
        <translation>In Krita einschalten: Einstellungen ▸ Krita einrichten ▸ Python-Modulverwaltung ▸ GoT.</translation>
    </message>
    <message>
        <source>A {kind} keeps {host} apart from other programs: it may not reach the engine.</source>
        <translation>{kind} trennt {host} von anderen Programmen: Die Engine ist vielleicht nicht erreichbar.</translation>
    </message>
    <message>
        <source>Choose its folder…</source>
        <translation>Ordner wählen …</translation>
    </message>
    <message>
        <source>Install it and start it once, or choose its resource folder.</source>
        <translation>Installieren und einmal starten, oder den Ressourcenordner wählen.</translation>
    </message>
    <message>
        <source>Install GIMP 3 and start it once, or choose its folder plug-ins.</source>
        <translation>GIMP 3 installieren und einmal starten, oder den Ordner plug-ins wählen.</translation>
    </message>
    <message>
        <source>Not found</source>
        <translation>Nicht gefunden</translation>
    </message>
    <message>
        <source>The folder of {host}</source>
        <translation>Der Ordner von {host}</translation>
    </message>
    <message>
        <source>The plug-in is installed. Start {host} anew if it runs.</source>
        <translation>Das Plug-in ist installiert. Bitte {host} neu starten, falls es läuft.</translation>
    </message>
    <message>
        <source>The plug-in was removed from {host}.</source>
        <translation>Das Plug-in wurde aus {host} entfernt.</translation>
    </message>
</context>
<context>
    <name>ProgressCard</name>
    <message>
        <source>Progress</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>How it stands</source>
        <translation>Wie es steht</translation>
    </message>
    <message>
        <source>Steps that are done</source>
        <translation>Erledigte Schritte</translation>
    </message>
    <message>
        <source>Loss of the chain</source>
        <translation>Verlust der Kette</translation>
    </message>
    <message>
        <source>Loss of the picture</source>
        <translation>Verlust des Bildes</translation>
    </message>
    <message>
        <source>Samples: plan, result, truth</source>
        <translation>Proben: Plan, Ergebnis, Vorlage</translation>
    </message>
    <message>
        <source>What went wrong</source>
        <translation>Was schiefging</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>It saves and ends; it can go on later.</source>
        <translation>Es sichert und endet; später kann es weitergehen.</translation>
    </message>
    <message>
        <source>Try this adapter now</source>
        <translation>Diesen Adapter jetzt ausprobieren</translation>
    </message>
    <message>
        <source>It pauses after this step…</source>
        <translation>Es hält nach diesem Schritt an …</translation>
    </message>
    <message>
        <source>It saves and stops…</source>
        <translation>Es sichert und endet …</translation>
    </message>
    <message>
        <source>Not started yet. Before its first step it checks that it fits this machine.</source>
        <translation>Noch nicht gestartet. Vor dem ersten Schritt wird geprüft, ob es auf diesen Rechner passt.</translation>
    </message>
    <message>
        <source>The trainer starts…</source>
        <translation>Der Trainer startet …</translation>
    </message>
    <message>
        <source>The model is loaded…</source>
        <translation>Das Modell wird geladen …</translation>
    </message>
    <message>
        <source>Pictures are prepared: {done} of {total}</source>
        <translation>Bilder werden vorbereitet: {done} von {total}</translation>
    </message>
    <message>
        <source>It is checked whether the training fits this machine…</source>
        <translation>Es wird geprüft, ob das Training auf diesen Rechner passt …</translation>
    </message>
    <message>
        <source>Step {step} of {steps}</source>
        <translation>Schritt {step} von {steps}</translation>
    </message>
    <message>
        <source>Paused at step {step} of {steps}; its memory is still taken.</source>
        <translation>Angehalten bei Schritt {step} von {steps}; der Speicher bleibt belegt.</translation>
    </message>
    <message>
        <source>Stopped at step {step} of {steps}</source>
        <translation>Beendet bei Schritt {step} von {steps}</translation>
    </message>
    <message>
        <source>Ended at step {step} of {steps}</source>
        <translation>Geendet bei Schritt {step} von {steps}</translation>
    </message>
    <message>
        <source>Broken off at step {step} of {steps}</source>
        <translation>Abgebrochen bei Schritt {step} von {steps}</translation>
    </message>
    <message>
        <source>All {steps} steps are done. The adapter is among the app&apos;s adapters.</source>
        <translation>Alle {steps} Schritte sind getan. Der Adapter liegt bei den Adaptern des Programms.</translation>
    </message>
    <message>
        <source>{taken} of {whole} memory</source>
        <translation>{taken} von {whole} Speicher</translation>
    </message>
    <message>
        <source>{taken} memory</source>
        <translation>{taken} Speicher</translation>
    </message>
    <message>
        <source>{seconds} s left</source>
        <translation>noch {seconds} s</translation>
    </message>
    <message>
        <source>{minutes} min left</source>
        <translation>noch {minutes} min</translation>
    </message>
    <message>
        <source>{hours} h left</source>
        <translation>noch {hours} h</translation>
    </message>
    <message>
        <source>plans that can be read</source>
        <translation>lesbare Pläne</translation>
    </message>
    <message>
        <source>overlap of boxes</source>
        <translation>Überdeckung der Kästen</translation>
    </message>
    <message>
        <source>distance of boxes</source>
        <translation>Abstand der Kästen</translation>
    </message>
    <message>
        <source>likeness outside the boxes (dB)</source>
        <translation>Gleichheit außerhalb der Kästen (dB)</translation>
    </message>
    <message>
        <source>Held-out pairs: {figures}</source>
        <translation>Zurückgehaltene Paare: {figures}</translation>
    </message>
    <message>
        <source>step {step}</source>
        <translation>Schritt {step}</translation>
    </message>
    <message>
        <source>before</source>
        <translation>vorher</translation>
    </message>
</context>
<context>
    <name>Review</name>
    <message>
        <source>Choose the area to edit</source>
        <translation>Bereich zum Bearbeiten wählen</translation>
    </message>
    <message>
        <source>Draw box</source>
        <translation>Kasten zeichnen</translation>
    </message>
    <message>
        <source>Move box</source>
        <translation>Kasten bewegen</translation>
    </message>
    <message>
        <source>Reorder boxes</source>
        <translation>Kästen umordnen</translation>
    </message>
    <message>
        <source>Delete box</source>
        <translation>Kasten löschen</translation>
    </message>
    <message>
        <source>Duplicate box</source>
        <translation>Kasten verdoppeln</translation>
    </message>
</context>
<context>
    <name>ReviewBar</name>
    <message>
        <source>Results</source>
        <translation>Ergebnisse</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Zeigen</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Nachher</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>Slider</source>
        <translation>Regler</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation>Wärmebild</translation>
    </message>
    <message>
        <source>All candidates side by side</source>
        <translation>Alle Vorschläge nebeneinander</translation>
    </message>
    <message>
        <source>Use this seed again</source>
        <translation>Diesen Startwert wieder verwenden</translation>
    </message>
    <message>
        <source>Take as layer</source>
        <translation>Als Ebene nehmen</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Eingabetaste</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Candidate {number}</source>
        <translation>Vorschlag {number}</translation>
    </message>
    <message>
        <source>seed {seed}</source>
        <translation>Startwert {seed}</translation>
    </message>
    <message>
        <source>Take as picture</source>
        <translation>Als Bild nehmen</translation>
    </message>
    <message>
        <source>{all} % of the picture changed; outside the boxes, {outside} %</source>
        <translation>{all} % des Bildes geändert; außerhalb der Kästen {outside} %</translation>
    </message>
</context>
<context>
    <name>ReviewDialog</name>
    <message>
        <source>Correct the pairs</source>
        <translation>Paare berichtigen</translation>
    </message>
    <message>
        <source>Instruction</source>
        <translation>Anweisung</translation>
    </message>
    <message>
        <source>The pair before</source>
        <translation>Das Paar davor</translation>
    </message>
    <message>
        <source>The next pair</source>
        <translation>Das nächste Paar</translation>
    </message>
    <message>
        <source>Show the picture after</source>
        <translation>Bild danach zeigen</translation>
    </message>
    <message>
        <source>Leave this pair out</source>
        <translation>Dieses Paar weglassen</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>{number} von {count}</translation>
    </message>
</context>
<context>
    <name>Session</name>
    <message>
        <source>The model was unloaded.</source>
        <translation>Das Modell wurde entladen.</translation>
    </message>
    <message>
        <source>Merge layers</source>
        <translation>Ebenen vereinen</translation>
    </message>
    <message>
        <source>Plan of an earlier edit</source>
        <translation>Plan einer früheren Bearbeitung</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Each change is kept at once.</source>
        <translation>Jede Änderung gilt sofort.</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Farbschema</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>Light, dark, or as the system has it.</source>
        <translation>Hell, dunkel oder wie das System.</translation>
    </message>
    <message>
        <source>It is used from the next start on.</source>
        <translation>Gilt ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>The best there is</source>
        <translation>Das beste vorhandene</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>Entladen</translation>
    </message>
    <message>
        <source>Unload the model</source>
        <translation>Modell entladen</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>Engine</translation>
    </message>
    <message>
        <source>What models run on. The next plan or picture uses it.</source>
        <translation>Worauf Modelle laufen. Gilt ab dem nächsten Plan oder Bild.</translation>
    </message>
    <message>
        <source>The engine does not run.</source>
        <translation>Die Engine läuft nicht.</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>Kein Modell ist geladen.</translation>
    </message>
    <message>
        <source>{model} is loaded: {used} of {total} are used. It is unloaded when nobody needs it.</source>
        <translation>{model} ist geladen: {used} von {total} sind belegt. Es wird entladen, wenn es niemand braucht.</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Save how a picture was made</source>
        <translation>Speichern, wie ein Bild entstand</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Behalten</translation>
    </message>
    <message>
        <source>Keep edits for training</source>
        <translation>Bearbeitungen fürs Training behalten</translation>
    </message>
    <message>
        <source>Before, after, instruction and plan of each edit that you take go into {folder}.</source>
        <translation>Vorher, Nachher, Anweisung und Plan jeder übernommenen Bearbeitung kommen nach {folder}.</translation>
    </message>
    <message>
        <source>Snap</source>
        <translation>Einrasten</translation>
    </message>
    <message>
        <source>Boxes snap</source>
        <translation>Kästen rasten ein</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>How a picture was made</source>
        <translation>Wie ein Bild entstand</translation>
    </message>
    <message>
        <source>Instruction, plan, boxes, seed and model go into the files that you save.</source>
        <translation>Anweisung, Plan, Kästen, Startwert und Modell kommen in die gespeicherten Dateien.</translation>
    </message>
    <message>
        <source>To the edges of other boxes and of the picture while they are dragged.</source>
        <translation>An den Kanten anderer Kästen und des Bildes, während sie gezogen werden.</translation>
    </message>
    <message>
        <source>Edits that are kept</source>
        <translation>Aufbewahrte Bearbeitungen</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Clear…</source>
        <translation>Leeren …</translation>
    </message>
    <message>
        <source>Clear the history</source>
        <translation>Verlauf leeren</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>With each new edit the oldest ones go; those with a star stay.</source>
        <translation>Mit jeder neuen gehen die ältesten; die mit Stern bleiben.</translation>
    </message>
    <message>
        <source>Deletes every edit without a star from it.</source>
        <translation>Löscht jede Bearbeitung ohne Stern daraus.</translation>
    </message>
    <message>
        <source>Every edit without a star is deleted from the history.</source>
        <translation>Jede Bearbeitung ohne Stern wird aus dem Verlauf gelöscht.</translation>
    </message>
    <message>
        <source>Your pictures and layers stay as they are.</source>
        <translation>Bilder und Ebenen bleiben, wie sie sind.</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Leeren</translation>
    </message>
</context>
<context>
    <name>Stages</name>
    <message>
        <source>1  Plan</source>
        <translation>1  Planen</translation>
    </message>
    <message>
        <source>2  Review</source>
        <translation>2  Prüfen</translation>
    </message>
    <message>
        <source>3  Apply</source>
        <translation>3  Anwenden</translation>
    </message>
    <message>
        <source>Stage: {name}</source>
        <translation>Stand: {name}</translation>
    </message>
</context>
<context>
    <name>StartView</name>
    <message>
        <source>Sample picture: {name}</source>
        <translation>Beispielbild: {name}</translation>
    </message>
    <message>
        <source>Say what should change</source>
        <translation>Sagen Sie, was sich ändern soll</translation>
    </message>
    <message>
        <source>Open a picture, or drop or paste one here. You see what the model understood, as words and red boxes, and correct it before anything is drawn.</source>
        <translation>Öffnen Sie ein Bild, oder ziehen oder fügen Sie eines hier ein. Sie sehen in Worten und roten Kästen, was das Modell verstanden hat, und berichtigen es, bevor etwas gezeichnet wird.</translation>
    </message>
    <message>
        <source>Open a picture…</source>
        <translation>Bild öffnen …</translation>
    </message>
    <message>
        <source>Or try one of these: the model that comes with the program edits picture-book scenes.</source>
        <translation>Oder versuchen Sie eines von diesen: Das mitgelieferte Modell bearbeitet Bilderbuchszenen.</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Engine</source>
        <translation>Engine</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>Warteschlange</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>Engine: starting</source>
        <translation>Engine: startet</translation>
    </message>
    <message>
        <source>Engine: ready</source>
        <translation>Engine: bereit</translation>
    </message>
    <message>
        <source>Engine: working</source>
        <translation>Engine: arbeitet</translation>
    </message>
    <message>
        <source>Engine: starting again</source>
        <translation>Engine: startet neu</translation>
    </message>
    <message>
        <source>Engine: not running</source>
        <translation>Engine: läuft nicht</translation>
    </message>
    <message>
        <source>no model loaded</source>
        <translation>kein Modell geladen</translation>
    </message>
    <message>
        <source>{model}, {used} of {total} GB</source>
        <translation>{model}, {used} von {total} GB</translation>
    </message>
    <message>
        <source>{number} waiting</source>
        <translation>{number} warten</translation>
    </message>
    <message>
        <source>Opening…</source>
        <translation>Wird geöffnet …</translation>
    </message>
    <message>
        <source>Saving…</source>
        <translation>Wird gespeichert …</translation>
    </message>
    <message>
        <source>Merging…</source>
        <translation>Wird vereint …</translation>
    </message>
</context>
<context>
    <name>Times</name>
    <message>
        <source>Load the model</source>
        <translation>Modell laden</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Planen</translation>
    </message>
    <message>
        <source>Prepare</source>
        <translation>Vorbereiten</translation>
    </message>
    <message>
        <source>Draw</source>
        <translation>Zeichnen</translation>
    </message>
    <message>
        <source>Make pixels</source>
        <translation>Pixel bilden</translation>
    </message>
    <message>
        <source>Put together</source>
        <translation>Zusammensetzen</translation>
    </message>
    <message>
        <source>{number} tokens, {rate} a second</source>
        <translation>{number} Token, {rate} pro Sekunde</translation>
    </message>
    <message>
        <source>{number} steps: the first {first}, the median {usual}</source>
        <translation>{number} Schritte: der erste {first}, der Median {usual}</translation>
    </message>
</context>
<context>
    <name>TimesButton</name>
    <message>
        <source>Time of the last run</source>
        <translation>Dauer des letzten Laufs</translation>
    </message>
    <message>
        <source>Took {time}</source>
        <translation>Dauerte {time}</translation>
    </message>
</context>
<context>
    <name>TimesCard</name>
    <message>
        <source>What the time went into</source>
        <translation>Wofür die Zeit gebraucht wurde</translation>
    </message>
</context>
<context>
    <name>TrainingPage</name>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>Teach a model your own edit from a few dozen pictures before and after it. A training goes on when this window is closed.</source>
        <translation>Bringen Sie einem Modell mit einigen Dutzend Bildern davor und danach eine eigene Bearbeitung bei. Ein Training läuft weiter, wenn dieses Fenster geschlossen wird.</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>Löschen …</translation>
    </message>
    <message>
        <source>Choose a folder of pairs…</source>
        <translation>Ordner mit Paaren wählen …</translation>
    </message>
    <message>
        <source>Use the edits that you took</source>
        <translation>Übernommene Bearbeitungen verwenden</translation>
    </message>
    <message>
        <source>They are kept where the settings say so.</source>
        <translation>Sie werden aufgehoben, wenn die Einstellungen es sagen.</translation>
    </message>
    <message>
        <source>The model begins each description (slower)</source>
        <translation>Das Modell beginnt jede Beschreibung (langsamer)</translation>
    </message>
    <message>
        <source>A folder with NAME-before.png, NAME-after.png and NAME.txt with the instruction; folders before/ and after/; or metadata.jsonl, Parquet and others that the handbook lists.</source>
        <translation>Ein Ordner mit NAME-before.png, NAME-after.png und NAME.txt mit der Anweisung; Ordner before/ und after/; oder metadata.jsonl, Parquet und andere, die das Handbuch aufzählt.</translation>
    </message>
    <message>
        <source>New training</source>
        <translation>Neues Training</translation>
    </message>
    <message>
        <source>A folder with pairs</source>
        <translation>Ein Ordner mit Paaren</translation>
    </message>
    <message>
        <source>Delete the training</source>
        <translation>Training löschen</translation>
    </message>
    <message>
        <source>The pairs&apos; copies, checkpoints and samples of “{name}” are deleted.</source>
        <translation>Die Kopien der Paare, Sicherungen und Proben von „{name}“ werden gelöscht.</translation>
    </message>
    <message>
        <source>Your own pictures and the adapter stay as they are.</source>
        <translation>Ihre eigenen Bilder und der Adapter bleiben, wie sie sind.</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message>
        <source>That is no picture.</source>
        <translation>Das ist kein Bild.</translation>
    </message>
    <message>
        <source>Unsaved work</source>
        <translation>Nicht gespeicherte Arbeit</translation>
    </message>
    <message>
        <source>got_desktop ended before your last work was saved.</source>
        <translation>got_desktop endete, bevor Ihre letzte Arbeit gespeichert war.</translation>
    </message>
    <message>
        <source>It was kept, with its layers and its plan.</source>
        <translation>Sie ist erhalten, mit Ebenen und Plan.</translation>
    </message>
    <message>
        <source>Bring it back</source>
        <translation>Zurückholen</translation>
    </message>
    <message>
        <source>Delete it</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>Später</translation>
    </message>
</context>
<context>
    <name>Work</name>
    <message>
        <source>Plan</source>
        <translation>Planen</translation>
    </message>
    <message>
        <source>Edit by boxes</source>
        <translation>Bearbeitung nach Kästen</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>The engine ended and was started again.</source>
        <translation>Die Engine endete und wurde neu gestartet.</translation>
    </message>
    <message>
        <source>The work goes on.</source>
        <translation>Die Arbeit geht weiter.</translation>
    </message>
</context>
</TS>
