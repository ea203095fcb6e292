import { type ReactNode, useId } from "react";

interface CardProps {
  title?: string;
  /** A sentence or two under the title. */
  about?: ReactNode;
  /** Buttons beside the title. */
  actions?: ReactNode;
  children: ReactNode;
}

/** Card is a part of a page with a title of its own. */
export function Card({ title, about, actions, children }: CardProps) {
  const id = useId();
  return (
    <section className="card" {...(title && { "aria-labelledby": id })}>
      {(title || actions) && (
        <header>
          <div>
            <h2 id={id}>{title}</h2>
            {about && <p>{about}</p>}
          </div>
          {actions && <div className="row">{actions}</div>}
        </header>
      )}
      <div className="content">{children}</div>
    </section>
  );
}
